"""Which speech belongs to which image: cross-entropy among those of a batch, with a margin."""

from __future__ import annotations

import torch
from torch import Tensor


def other_images(ids: Tensor, all_ids: Tensor, own: Tensor) -> Tensor:
    """Marks what is no negative: it is of the same image, but not the pair itself.

    Args:
        ids: (N,) int64 images of the pairs that are looked at.
        all_ids: (M,) int64 images of all that they are compared with.
        own: (N,) int64, which of the M each pair is.

    Returns:
        (N, M) bool, True = same image, another pair.
    """
    same = ids.unsqueeze(1) == all_ids.unsqueeze(0)
    return same.scatter(1, own.unsqueeze(1), False)


def margin_softmax(scores: Tensor, own: Tensor, excluded: Tensor, margin: float) -> Tensor:
    """Cross-entropy of the own partner, whose score is lowered by a margin (arXiv 1909.08782).

    Args:
        scores: (N, M) float similarity to everything.
        own: (N,) int64, which of the M belongs to each.
        excluded: (N, M) bool, True = neither right nor wrong; never at `own`.
        margin: subtracted from the own score.

    Returns:
        (N,) float32 in nats; 0 where everything else is excluded.
    """
    scores = scores.float()
    place = own.unsqueeze(1)
    lowered = scores.scatter_add(1, place, torch.full_like(scores[:, :1], -margin))
    target = lowered.gather(1, place).squeeze(1)
    return lowered.masked_fill(excluded, -torch.inf).logsumexp(dim=1) - target
