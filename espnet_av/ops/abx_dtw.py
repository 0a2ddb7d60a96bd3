"""Dynamic time warping of one pair of items in a matrix of many, compiled."""

from __future__ import annotations

import numpy as np

from espnet_av.ops.compiled import compiled

_F = np.float32


@compiled
def dtw_mean(
    costs: np.ndarray,
    row: int,
    num_rows: int,
    column: int,
    num_columns: int,
    sums: np.ndarray,
    steps: np.ndarray,
) -> float:
    """Mean cost along the cheapest path through a part of `costs`.

    The length of the path is carried forward; among equals the diagonal comes first, then the left.

    Args:
        costs: (R, C) float32.
        row: first of `num_rows`.
        num_rows: of the part.
        column: first of `num_columns`.
        num_columns: of the part.
        sums: float32, room for a row.
        steps: int32, room for a row.
    """
    sums[0], steps[0] = costs[row, column], 1
    for j in range(1, num_columns):
        sums[j], steps[j] = sums[j - 1] + costs[row, column + j], j + 1
    for i in range(1, num_rows):
        diagonal, corner = sums[0], steps[0]
        sums[0] += costs[row + i, column]
        steps[0] += 1
        for j in range(1, num_columns):
            up, left = sums[j], sums[j - 1]
            best, length = diagonal, corner
            if left < best:
                best, length = left, steps[j - 1]
            if up < best:
                best, length = up, steps[j]
            diagonal, corner = up, steps[j]
            sums[j] = best + costs[row + i, column + j]
            steps[j] = length + 1
    return sums[num_columns - 1] / _F(steps[num_columns - 1])
