"""Masks with an exact number of hidden places, drawn without replacement."""

from __future__ import annotations

import torch
from torch import Tensor


def count_masked(lengths: Tensor, ratio: float) -> Tensor:
    """How many places are hidden: the nearest number to the ratio, with one left and one hidden.

    Args:
        lengths: (B,) int64.
        ratio: above 0 and below 1.

    Returns:
        (B,) int64; 0 where there is only one place, or none.
    """
    wanted = (lengths.double() * ratio + 0.5).floor().long()
    return torch.where(lengths > 1, torch.minimum(wanted.clamp(min=1), lengths - 1), 0)


def mask_exactly(lengths: Tensor, noise: Tensor, ratio: float) -> Tensor:
    """Hides the places with the smallest noise.

    Args:
        lengths: (B,) int64 places of each row, on the device of `noise`.
        noise: (B, N) uniform in [0, 1).
        ratio: share that is hidden.

    Returns:
        (B, N) bool, True = hidden; never beyond a length.
    """
    steps = torch.arange(noise.size(1), device=noise.device)
    outside = steps >= lengths.unsqueeze(1)
    rank = noise.masked_fill(outside, 2.0).argsort(dim=1, stable=True).argsort(dim=1)
    return rank < count_masked(lengths, ratio).unsqueeze(1)


def kept_first(masked: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Places that stay, in their order.

    Args:
        masked: (B, N) bool, True = hidden.
        lengths: (B,) int64 places of each row.

    Returns:
        ((B, K) int64 places, arbitrary beyond each number; (B,) int64 how many; K is the largest
        of these).
    """
    steps = torch.arange(masked.size(1), device=masked.device)
    gone = masked | (steps >= lengths.unsqueeze(1))
    counts = (~gone).sum(dim=1)
    order = gone.int().argsort(dim=1, stable=True)
    return order[:, : int(counts.max())], counts
