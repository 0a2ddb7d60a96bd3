"""Dynamic time warping of one pair of items in a matrix of many, compiled."""

from __future__ import annotations

import numpy as np

from espnet_av.ops.compiled import compiled


@compiled
def dtw_mean(
    costs: np.ndarray,
    row: int,
    num_rows: int,
    column: int,
    num_columns: int,
    sums: np.ndarray,
    steps: np.ndarray,
    turned: np.ndarray,
) -> tuple[float, float]:
    """Mean cost along the cheapest path through a part of `costs`, and through it transposed.

    The length of the path is carried forward; among equals the diagonal comes first, then the left.
    So where ways are equal, as of discrete units, the transposed path may be of another length.

    Args:
        costs: (R, C) float32.
        row: first of `num_rows`.
        num_rows: of the part.
        column: first of `num_columns`.
        num_columns: of the part.
        sums: float64, room for a row: sums of float32 are exact, so that equal ones are equal.
        steps: int32, room for a row.
        turned: int32, room for a row.
    """
    sums[0], steps[0], turned[0] = costs[row, column], 1, 1
    for j in range(1, num_columns):
        sums[j], steps[j] = sums[j - 1] + costs[row, column + j], j + 1
        turned[j] = j + 1
    for i in range(1, num_rows):
        diagonal, corner, other_corner = sums[0], steps[0], turned[0]
        sums[0] += costs[row + i, column]
        steps[0] += 1
        turned[0] += 1
        for j in range(1, num_columns):
            up, left = sums[j], sums[j - 1]
            best, length, other = diagonal, corner, other_corner
            if left < best:
                best, length, other = left, steps[j - 1], turned[j - 1]
            if up < best:
                best, length, other = up, steps[j], turned[j]
            elif up == best and up < diagonal:
                other = turned[j]
            diagonal, corner, other_corner = up, steps[j], turned[j]
            sums[j] = best + costs[row + i, column + j]
            steps[j], turned[j] = length + 1, other + 1
    total = sums[num_columns - 1]
    return total / steps[num_columns - 1], total / turned[num_columns - 1]
