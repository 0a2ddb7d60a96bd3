"""What every loss of a transducer takes and gives."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from espnet_av.modules.statistics import Weighted, count_of
from espnet_av.modules.transducer.joiner import Joiner

BLANK = 0
"""Id of the blank."""


@dataclass(frozen=True, kw_only=True)
class NoLossConfig:
    """A loss without settings."""


class Paths(NamedTuple):
    """A batch whose lattices are to be summed up, padded no further than its longest utterance."""

    encoded: Tensor
    """(B, T, D)."""
    lengths: Tensor
    """(B,) int64 frames, on the CPU."""
    predicted: Tensor
    """(B, U + 1, P)."""
    text: Tensor
    """(B, U) int64, negative in the padding."""
    text_lengths: Tensor
    """(B,) int64, on the CPU."""


class AbsTransducerLoss(nn.Module, ABC):
    """A loss that calls the joiner itself, so that it may call it for a part of the lattice."""

    def forward(
        self,
        joiner: Joiner,
        encoded: Tensor,
        lengths: Tensor,
        predicted: Tensor,
        text: Tensor,
        text_lengths: Tensor,
        update: int | None = None,
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """Loss of each utterance.

        Args:
            joiner: of the model.
            encoded: (B, T, D) encoder output, arbitrary beyond the lengths.
            lengths: (B,) int64 frames, on the CPU.
            predicted: (B, U + 1, P) predictor output, arbitrary beyond the lengths.
            text: (B, U) int64, -1 in the padding.
            text_lengths: (B,) int64 on the CPU; 0 is an empty text.
            update: optimiser step from 0; None for the loss at the end of a warm-up, as in
                evaluation.

        Returns:
            (B,) float32 nats, and statistics: `transducer_impossible`, how many utterances have no
            frame to be aligned to, which add 0; others by the kind of loss.
        """
        most = max(1, int(lengths.max()))
        num_tokens = int(text_lengths.max())
        paths = Paths(
            encoded[:, :most],
            lengths,
            predicted[:, : num_tokens + 1],
            text[:, :num_tokens],
            text_lengths,
        )
        losses, stats = self.utterance_losses(joiner, paths, update)
        impossible = (lengths == 0).to(losses.device, non_blocking=True)
        stats["transducer_impossible"] = count_of(impossible.sum())
        return losses.masked_fill(impossible, 0.0), stats

    @abstractmethod
    def utterance_losses(
        self, joiner: Joiner, paths: Paths, update: int | None
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """(B,) nats, arbitrary (but without gradient) where there is no frame, and statistics."""


def all_logits(joiner: Joiner, paths: Paths) -> Tensor:
    """(B, T, U + 1, V) logits of all nodes."""
    # (B, T, 1, J) and (B, 1, U + 1, J)
    encoded = joiner.project_encoder(paths.encoded).unsqueeze(2)
    return joiner(encoded, joiner.project_predictor(paths.predicted).unsqueeze(1))


def over_aligned(losses: Tensor, lengths: Tensor) -> Weighted:
    """Sum of (B,) losses over the utterances with frames, and how many these are."""
    aligned = (lengths > 0).to(losses.device, non_blocking=True)
    return Weighted(torch.where(aligned, losses.detach(), 0.0).sum(), aligned.sum())
