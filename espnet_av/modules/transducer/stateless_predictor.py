"""Predictor that sees the last few tokens only, as in icefall."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.modules.transducer.abs_predictor import AbsPredictor, PredictorState, with_start

GROUP = 4
"""Channels that the convolution mixes."""
NOTHING = -1
"""Token before the start of a text; its embedding is zero."""


@dataclass(frozen=True, kw_only=True)
class StatelessPredictorConfig:
    """Convolution over the last tokens."""

    size: int = 512
    """Channels, a multiple of 4."""
    context_size: int = 2
    """Tokens that are seen."""

    def __post_init__(self) -> None:
        if self.size < GROUP or self.size % GROUP:
            msg = f"size is {self.size}; it must be a multiple of {GROUP}"
            raise ConfigError(msg)
        if self.context_size < 1:
            msg = f"context_size is {self.context_size}; it must be 1 or more, e.g. 2"
            raise ConfigError(msg)


class StatelessPredictor(AbsPredictor):
    """Embedding -> grouped convolution over the last tokens -> ReLU.

    After Ghodsi et al., ICASSP 2020. Texts with the same last tokens have the same output.

    Args:
        config: see `StatelessPredictorConfig`.
        vocab_size: V, blank included.
    """

    @typechecked
    def __init__(self, config: StatelessPredictorConfig, vocab_size: int) -> None:
        super().__init__()
        self.context_size = config.context_size
        self.embed = nn.Embedding(vocab_size, config.size)
        self.conv = nn.Conv1d(
            config.size,
            config.size,
            config.context_size,
            groups=config.size // GROUP,
            bias=False,
        )

    def output_size(self) -> int:
        """P."""
        return self.embed.embedding_dim

    def forward(self, text: Tensor) -> Tensor:
        """(B, U) int64, negative in the padding -> (B, U + 1, P)."""
        before = (self.context_size - 1, 0)
        return self._read(nn.functional.pad(with_start(text), before, value=NOTHING))

    def empty_state(self, batch_size: int, device: torch.device) -> PredictorState:
        """The last tokens but one, (B, context_size - 1) int64."""
        return (torch.full((batch_size, self.context_size - 1), NOTHING, device=device),)

    def step(self, tokens: Tensor, state: PredictorState) -> tuple[Tensor, PredictorState]:
        """(B,) int64 and the state before -> (B, P) and the state after."""
        context = torch.cat([state[0], tokens.unsqueeze(1)], dim=1)
        return self._read(context).squeeze(1), (context[:, 1:],)

    def _read(self, tokens: Tensor) -> Tensor:
        """(B, L) int64 -> (B, L - context_size + 1, P)."""
        embedded = self.embed(tokens.clamp(min=0)) * (tokens >= 0).unsqueeze(2)
        # Full precision: 1-D convolution in bfloat16 fails now and then on CPUs (torch 2.11).
        with torch.autocast(embedded.device.type, enabled=False):
            # (B, L, P) -> (B, P, L) -> (B, L', P)
            return self.conv(embedded.float().transpose(1, 2)).transpose(1, 2).relu()
