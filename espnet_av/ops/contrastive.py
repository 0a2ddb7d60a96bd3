"""Contrastive loss of wav2vec 2.0: which of the masked frames of an utterance was this one?"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.precision import full_precision

MIN_NORM = 1e-8
"""A shorter vector counts as this long."""


class Contrast(NamedTuple):
    """Sums over the masked frames, () float32 each."""

    loss: Tensor
    """Cross-entropy in nats."""
    correct: Tensor
    """Frames whose own target is nearer than every negative; not counted where no negative
    differs from the target, as in a collapsed codebook."""


def draw_negatives(mask: Tensor, noise: Tensor) -> Tensor:
    """Draws other masked frames of the same utterance for each masked frame, with replacement.

    Args:
        mask: (B, T) bool, True = masked.
        noise: (B, T, N) uniform in [0, 1).

    Returns:
        (B, T, N) int64 frame numbers; a masked frame that is alone gets itself, a frame that is
        not masked gets valid but arbitrary ones.
    """
    num_frames = mask.size(1)
    steps = torch.arange(num_frames, device=mask.device)
    # (B, T): first the frame numbers of the masked frames, in order
    masked = torch.where(mask, steps, num_frames).sort(dim=1).values.clamp(max=num_frames - 1)
    others = (mask.sum(dim=1) - 1).clamp(min=0)[:, None, None]
    # The product may round up to `others` itself.
    drawn = torch.minimum((noise * others).long(), (others - 1).clamp(min=0))
    own = (mask.long().cumsum(dim=1) - 1).unsqueeze(2)
    rank = torch.minimum(drawn + (drawn >= own), others)
    return masked.gather(1, rank.flatten(1)).view_as(rank)


def contrastive_loss(
    predicted: Tensor,
    targets: Tensor,
    target_ids: Tensor,
    negatives: Tensor,
    mask: Tensor,
    temperature: float,
) -> Contrast:
    """Cross-entropy of the own target against negatives, by cosine similarity (eq. 3, 2006.11477).

    The similarity of all pairs of frames is one product of matrices, from which the negatives are
    picked: no vector is copied, and no number of frames is asked of the device.

    Args:
        predicted: (B, T, C) float.
        targets: (B, T, C) float.
        target_ids: (B, T) int64, equal where targets are; such negatives do not count.
        negatives: (B, T, N) int64 frame numbers.
        mask: (B, T) bool, frames to predict.
        temperature: that similarities are divided by.
    """
    # Full precision: a temperature of 0.1 makes ten of each error in half precision.
    with full_precision(predicted.device):
        predicted = F.normalize(predicted.float(), dim=2, eps=MIN_NORM)
        targets = F.normalize(targets.float(), dim=2, eps=MIN_NORM)
        similarity = predicted @ targets.transpose(1, 2) / temperature
        own = similarity.diagonal(dim1=1, dim2=2)
        others = similarity.gather(2, negatives)
    drawn_ids = target_ids.gather(1, negatives.flatten(1)).view_as(negatives)
    same = drawn_ids == target_ids.unsqueeze(2)
    others = others.masked_fill(same, float("-inf"))
    loss = torch.cat([own.unsqueeze(2), others], dim=2).logsumexp(dim=2) - own
    correct = (others < own.unsqueeze(2)).all(dim=2) & ~same.all(dim=2) & mask
    return Contrast(torch.where(mask, loss, 0.0).sum(), correct.sum().float())
