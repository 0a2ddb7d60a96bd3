"""Predicting the unit of each frame from its cosine similarity to one vector per unit."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.precision import full_precision

MIN_NORM_PRODUCT = 1e-6
"""Below it, the product of two lengths counts as this."""


class MaskedPrediction(NamedTuple):
    """Sums over frames, () float32 each."""

    loss_masked: Tensor
    """Cross-entropy in nats over masked frames with a label."""
    loss_unmasked: Tensor
    """The same over the others."""
    correct_masked: Tensor
    """Masked frames whose best unit is the label."""
    correct_unmasked: Tensor
    """The same among the others."""
    num_masked: Tensor
    """Masked frames with a label."""
    num_unmasked: Tensor
    """The others with a label."""


def cosine_logits(x: Tensor, units: Tensor, temperature: float) -> Tensor:
    """Cosine similarity of every frame with every unit, over a temperature (arXiv 2106.07447).

    Args:
        x: (N, C) float.
        units: (K, C) float, one vector per unit.
        temperature: 0.1 in HuBERT.

    Returns:
        (N, K) float32.
    """
    # Full precision: a temperature of 0.1 makes ten of each error in half precision.
    with full_precision(x.device):
        x, units = x.float(), units.float()
        product = x.norm(dim=1, keepdim=True) * units.norm(dim=1)
        return x @ units.T / (product.clamp(min=MIN_NORM_PRODUCT) * temperature)


def masked_prediction(logits: Tensor, labels: Tensor, masked: Tensor) -> MaskedPrediction:
    """Cross-entropy and hits, over masked and over visible frames.

    Args:
        logits: (N, K) float.
        labels: (N,) int64, -1 = no label: such a frame counts for nothing.
        masked: (N,) bool.
    """
    labelled = labels >= 0
    loss = F.cross_entropy(logits, labels, ignore_index=-1, reduction="none")
    correct = (logits.detach().argmax(dim=1) == labels).float()
    hidden, visible = (masked & labelled).float(), (~masked & labelled).float()
    return MaskedPrediction(
        (loss * hidden).sum(),
        (loss * visible).sum(),
        (correct * hidden).sum(),
        (correct * visible).sum(),
        hidden.sum(),
        visible.sum(),
    )
