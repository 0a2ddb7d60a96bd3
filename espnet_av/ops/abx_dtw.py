"""Dynamic time warping of one pair of items in a matrix of many, compiled."""

from __future__ import annotations

import numpy as np

from espnet_av.ops.compiled import compiled

_LOW = np.int64((1 << 32) - 1)
_ONE = np.int64((1 << 32) + 1)
"""One more step of both."""


@compiled
def _one_way(
    costs: np.ndarray,
    row: int,
    num_rows: int,
    column: int,
    num_columns: int,
    sums: np.ndarray,
    steps: np.ndarray,
) -> float:
    """Mean cost where no frames are equal."""
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
    total, length = sums[num_columns - 1], steps[num_columns - 1]
    return total / length


@compiled
def _both_ways(
    costs: np.ndarray,
    row: int,
    num_rows: int,
    column: int,
    num_columns: int,
    sums: np.ndarray,
    steps: np.ndarray,
) -> tuple[float, float]:
    """Mean costs where steps may be free, so that ways of several lengths cost the same."""
    sums[0], steps[0] = costs[row, column], _ONE
    for j in range(1, num_columns):
        sums[j], steps[j] = sums[j - 1] + costs[row, column + j], (j + 1) * _ONE
    for i in range(1, num_rows):
        diagonal, corner = sums[0], steps[0]
        sums[0] += costs[row + i, column]
        steps[0] += _ONE
        for j in range(1, num_columns):
            up, left = sums[j], sums[j - 1]
            best, length = diagonal, corner
            if left < best:
                best, length = left, steps[j - 1]
            if up < best:
                best, length = up, steps[j]
            elif up == best and left < diagonal:
                length = (length & _LOW) | (steps[j] & ~_LOW)
            diagonal, corner = up, steps[j]
            sums[j] = best + costs[row + i, column + j]
            steps[j] = length + _ONE
    total, length = sums[num_columns - 1], steps[num_columns - 1]
    return total / (length & _LOW), total / (length >> 32)


@compiled
def dtw_mean(
    costs: np.ndarray,
    row: int,
    num_rows: int,
    column: int,
    num_columns: int,
    sums: np.ndarray,
    steps: np.ndarray,
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
        steps: int64, room for a row: lengths, and those of the transposed path times 2^32.
    """
    for i in range(row, row + num_rows):
        for j in range(column, column + num_columns):
            if costs[i, j] == 0:
                return _both_ways(costs, row, num_rows, column, num_columns, sums, steps)
    value = _one_way(costs, row, num_rows, column, num_columns, sums, steps)
    return value, value
