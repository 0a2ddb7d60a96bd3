"""What every predictor of a transducer offers to training and to search."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

BLANK = 0
"""Id of the blank, which also stands for the start of the text."""

PredictorState = tuple[Tensor, ...]
"""What a predictor remembers of a text, the batch first in each tensor, so that
`tuple(part[rows] for part in state)` chooses texts."""


class AbsPredictor(nn.Module, ABC):
    """A language model without output layer: from the text so far to P channels."""

    @abstractmethod
    def output_size(self) -> int:
        """P."""

    @abstractmethod
    def forward(self, text: Tensor) -> Tensor:
        """Reads whole texts.

        Args:
            text: (B, U) int64, negative in the padding.

        Returns:
            (B, U + 1, P): after the start, after the first token, ...; arbitrary in the padding.
        """

    @abstractmethod
    def empty_state(self, batch_size: int, device: torch.device) -> PredictorState:
        """The state before the start of `batch_size` texts."""

    @abstractmethod
    def step(self, tokens: Tensor, state: PredictorState) -> tuple[Tensor, PredictorState]:
        """Reads one more token of each text.

        Args:
            tokens: (B,) int64.
            state: of the texts before them.

        Returns:
            ((B, P), state of the texts with them).
        """

    def start(self, batch_size: int, device: torch.device) -> tuple[Tensor, PredictorState]:
        """Output (B, P) and state of `batch_size` texts without a token."""
        blanks = torch.full((batch_size,), BLANK, device=device)
        return self.step(blanks, self.empty_state(batch_size, device))


def with_start(text: Tensor) -> Tensor:
    """(B, U) -> (B, U + 1): the same after a blank."""
    return nn.functional.pad(text, (1, 0), value=BLANK)
