"""Head of HuBERT and its kin: which unit each frame is, masked frames above all."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.modules.statistics import HIGHER, LOWER, Weighted
from espnet_av.ops.frame_loss import fit_labels
from espnet_av.ops.lengths import packed_index
from espnet_av.ops.masked_prediction import cosine_logits, masked_prediction

UNIT_STATS = {
    "loss_masked": LOWER,
    "loss_unmasked": LOWER,
    "acc_masked": HIGHER,
    "acc_unmasked": HIGHER,
}
"""Statistics of `UnitPrediction`: nats per frame, and shares of frames whose best unit is the
label."""


class UnitLoss(NamedTuple):
    """Loss of a batch and what is worth knowing of it, () float32 each."""

    loss: Tensor
    """(masked + unmasked_weight * unmasked cross-entropy) / `num_counted`, nats per frame."""
    num_counted: Tensor
    """Labelled frames in the loss: the masked ones, and the others if they have a weight."""
    stats: dict[str, Weighted]
    """`UNIT_STATS`, over masked and over other frames."""


class UnitPrediction(nn.Module):
    """Linear -> cosine similarity with a learned vector per unit (arXiv 2106.07447).

    Args:
        size: D of the encoder output.
        num_units: K.
        projection_size: channels of the comparison, 256 in HuBERT base and AV-HuBERT.
        temperature: that the similarities are divided by.
        unmasked_weight: alpha, weight of the frames that are not masked; 0 in HuBERT, 1 in
            XLAVS-R and AV-HuBERT large.
    """

    @typechecked
    def __init__(
        self,
        size: int,
        num_units: int,
        projection_size: int = 256,
        temperature: float = 0.1,
        unmasked_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.temperature, self.unmasked_weight = temperature, unmasked_weight
        self.final_proj = nn.Linear(size, projection_size)
        self.label_embs = nn.Parameter(torch.rand(num_units, projection_size))

    def logits(self, hidden: Tensor) -> Tensor:
        """(N, D) -> (N, K) float32."""
        return cosine_logits(self.final_proj(hidden), self.label_embs, self.temperature)

    def forward(self, hidden: Tensor, lengths: Tensor, units: Tensor, masked: Tensor) -> UnitLoss:
        """Loss over the frames that exist and have a label.

        Args:
            hidden: (B, T, D), arbitrary beyond each length.
            lengths: (B,) int64 frames, on the CPU.
            units: (B, T') int, -1 = no label; cut or padded to T.
            masked: (B, T) bool.
        """
        index = packed_index(lengths, hidden.size(1)).to(hidden.device, non_blocking=True)
        labels = fit_labels(units, hidden.size(1)).flatten()[index]
        logits = self.logits(hidden.flatten(0, 1)[index])
        sums = masked_prediction(logits, labels, masked.flatten()[index])
        weight = self.unmasked_weight
        num_counted = sums.num_masked + (sums.num_unmasked if weight > 0.0 else 0.0)
        loss = sums.loss_masked + (weight * sums.loss_unmasked if weight > 0.0 else 0.0)
        stats = {
            "loss_masked": Weighted(sums.loss_masked.detach(), sums.num_masked),
            "loss_unmasked": Weighted(sums.loss_unmasked.detach(), sums.num_unmasked),
            "acc_masked": Weighted(sums.correct_masked, sums.num_masked),
            "acc_unmasked": Weighted(sums.correct_unmasked, sums.num_unmasked),
        }
        return UnitLoss(loss / num_counted.clamp(min=1.0), num_counted, stats)
