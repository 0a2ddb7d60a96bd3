"""Fixed positions as sines and cosines, along time or in time and space."""

from __future__ import annotations

import torch
from torch import Tensor

_LONGEST = 10000.0
"""Slowest wave: this many places for one radian."""


def sincos_line(num_places: int, size: int, device: torch.device | None = None) -> Tensor:
    """Positions 0, 1, ... (arXiv 1706.03762).

    Args:
        num_places: N.
        size: D, even.
        device: where they are wanted.

    Returns:
        (N, D) float32: sines of D / 2 speeds, then cosines.
    """
    steps = torch.arange(num_places, dtype=torch.float64, device=device)
    half = size // 2
    exponents = torch.arange(half, dtype=torch.float64, device=device) / half
    angles = steps[:, None] * _LONGEST**-exponents
    return torch.cat([angles.sin(), angles.cos()], dim=1).float()


def sincos_grid(grid: tuple[int, int, int], size: int) -> Tensor:
    """Positions of boxes in time, height and width.

    Args:
        grid: boxes along each of the three.
        size: D, even and at least 6.

    Returns:
        (N, D) float32, boxes by time, row and column; a third of D, as even as it goes, for each
        axis, the rest for time.
    """
    side = size // 6 * 2
    sizes = (size - 2 * side, side, side)
    parts = []
    for axis, (number, width) in enumerate(zip(grid, sizes, strict=True)):
        shape = [1, 1, 1, width]
        shape[axis] = number
        parts.append(sincos_line(number, width).view(shape).expand(*grid, width))
    return torch.cat(parts, dim=3).flatten(0, 2)
