"""Pruned transducer loss: an additive joiner finds the band in which the real one is called."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.modules.statistics import Weighted
from espnet_av.modules.transducer.abs_loss import BLANK, AbsTransducerLoss, Paths, over_aligned
from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.ops.precision import full_precision
from espnet_av.ops.rnnt_pruned import choose_band, pruned_loss
from espnet_av.ops.rnnt_simple import simple_score

INITIAL_SCALE = 0.25
"""Of the additive joiner's first weights, as in icefall: its first lattice is nearly flat."""
PRUNED_SCALE_AT_START = 0.1
"""Weight of the pruned loss at the first update, while the band is still a guess."""


@dataclass(frozen=True, kw_only=True)
class PrunedLossConfig:
    """Width of the band, and how the additive joiner learns to place it (arXiv 2206.13236)."""

    prune_range: int = 5
    """Rows of the lattice that each frame keeps; a frame emits fewer tokens than that."""
    lm_scale: float = 0.25
    """Share of the text alone in the additive joiner's arcs: it learns both sides sooner."""
    am_scale: float = 0.0
    """Share of the frames alone."""
    simple_scale: float = 0.5
    """Weight of the additive joiner's loss after the warm-up; it starts at 1. Without it, nothing
    would teach the additive joiner."""
    warmup_steps: int = 2000
    """Updates over which that weight falls, and that of the pruned loss rises from 0.1 to 1."""

    def __post_init__(self) -> None:
        if self.prune_range < 2:
            msg = (
                f"transducer_loss: prune_range is {self.prune_range}; with fewer than 2 rows at "
                "each frame no path could emit a token"
            )
            raise ConfigError(msg)
        if min(self.lm_scale, self.am_scale) < 0.0 or self.lm_scale + self.am_scale > 1.0:
            msg = (
                f"transducer_loss: lm_scale is {self.lm_scale} and am_scale {self.am_scale}; both "
                "are shares, 0 or more, together at most 1"
            )
            raise ConfigError(msg)
        if self.simple_scale <= 0.0 or self.warmup_steps < 0:
            msg = (
                f"transducer_loss: simple_scale is {self.simple_scale} and warmup_steps "
                f"{self.warmup_steps}; the first must be above 0, the second 0 or more"
            )
            raise ConfigError(msg)

    def scales(self, update: int | None) -> tuple[float, float]:
        """Weights of the simple and of the pruned loss at an update; None = after the warm-up."""
        done = 1.0
        if update is not None and update < self.warmup_steps:
            done = update / self.warmup_steps
        simple = 1.0 + done * (self.simple_scale - 1.0)
        return simple, PRUNED_SCALE_AT_START + done * (1.0 - PRUNED_SCALE_AT_START)


class PrunedLoss(AbsTransducerLoss):
    """Weighted sum of the additive joiner's loss and of the joiner's within a band.

    Args:
        conf: see `PrunedLossConfig`.
        encoder_size: D.
        predictor_size: P.
        vocab_size: V, blank included.
    """

    @typechecked
    def __init__(
        self, conf: PrunedLossConfig, encoder_size: int, predictor_size: int, vocab_size: int
    ) -> None:
        super().__init__()
        self.conf = conf
        self.simple_am_proj = nn.Linear(encoder_size, vocab_size)
        self.simple_lm_proj = nn.Linear(predictor_size, vocab_size)
        for parameter in self.parameters():
            parameter.data.mul_(INITIAL_SCALE)

    def utterance_losses(
        self, joiner: Joiner, paths: Paths, update: int | None
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """See the base class; statistics `loss_simple` and `loss_pruned` in nats."""
        am, lm = self.simple_am_proj(paths.encoded), self.simple_lm_proj(paths.predicted)
        simple, pruned = self.both_losses(joiner, paths, am, lm)
        simple_scale, pruned_scale = self.conf.scales(update)
        stats = {
            "loss_simple": over_aligned(simple, paths.lengths),
            "loss_pruned": over_aligned(pruned, paths.lengths),
        }
        return simple_scale * simple + pruned_scale * pruned, stats

    def both_losses(
        self, joiner: Joiner, paths: Paths, am: Tensor, lm: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Losses of the additive joiner, and of the joiner in the band that the former chooses.

        Args:
            joiner: of the model.
            paths: the batch.
            am: (B, T, V) logits of the frames.
            lm: (B, U + 1, V) logits of the text; the additive joiner's are am[t] + lm[u].

        Returns:
            Twice (B,) nats.
        """
        lengths = paths.lengths, paths.text_lengths
        with full_precision(am.device):
            score = simple_score(
                am,
                lm,
                paths.text,
                *lengths,
                BLANK,
                lm_only_scale=self.conf.lm_scale,
                am_only_scale=self.conf.am_scale,
            )
            band = choose_band(score, *lengths, self.conf.prune_range)
        # Projected first: a row is in the band at several frames.
        encoded = joiner.project_encoder(paths.encoded).unsqueeze(2)
        predicted = joiner.project_predictor(paths.predicted)
        logits = joiner(encoded, _select_rows(predicted, band.rows()))
        with full_precision(am.device):
            pruned = pruned_loss(logits, paths.text, band, *lengths, BLANK, overwrite_logits=True)
        return -score.log_likelihood.float(), pruned


def _select_rows(predicted: Tensor, rows: Tensor) -> Tensor:
    """(B, U + 1, J), row numbers (B, T, R) -> (B, T, R, J); a row beyond the last is the last."""
    index = rows.clamp(max=predicted.size(1) - 1).flatten(1)
    batch = torch.arange(len(predicted), device=predicted.device).unsqueeze(1)
    return predicted[batch, index].view(*rows.shape, -1)
