"""Triplets in which A is nearer to X than B is, counted from distances of items; compiled."""

from __future__ import annotations

import numpy as np

from espnet_av.ops.compiled import compiled

_FEW = 16
"""Distances that are compared one by one; more are sorted first."""


@compiled
def _count(
    to_a: np.ndarray,
    skip: int,
    to_b: np.ndarray,
) -> float:
    """Pairs of `to_a`, without place `skip`, and `to_b` of which the first is nearer; ties half."""
    count = 0.0
    for b in range(to_b.size):
        for a in range(to_a.size):
            if a != skip:
                count += 1.0 if to_a[a] < to_b[b] else (0.5 if to_a[a] == to_b[b] else 0.0)
    return count


@compiled
def _count_sorted(
    to_a: np.ndarray,
    skip: int,
    to_b: np.ndarray,
    ordered: np.ndarray,
) -> float:
    """The same, by two searches for each of `to_b` in `ordered`, the sorted `to_a`."""
    count = 0.0
    for b in range(to_b.size):
        value = to_b[b]
        below = np.searchsorted(ordered, value, side="left")
        count += 0.5 * (below + np.searchsorted(ordered, value, side="right"))
        if skip >= 0:
            own = to_a[skip]
            count -= 1.0 if own < value else (0.5 if own == value else 0.0)
    return count


@compiled
def count_task(
    found: np.ndarray,
    origins: tuple[int, int],
    flipped: bool,
    item: np.ndarray,
    x: int,
    a: int,
    groups: tuple[int, int],
    counts: np.ndarray,
    place: int,
) -> None:
    """Counts of all cells of one X and A, with every other group of A's segment as B."""
    base = origins[0] if flipped else origins[1]
    for x_item in range(item[x], item[x + 1]):
        distances = (
            found[1, :, x_item - origins[1]] if flipped else found[0, x_item - origins[0], :]
        )
        to_a = distances[item[a] - base : item[a + 1] - base]
        skip = x_item - item[a] if x == a else -1
        many = to_a.size > _FEW
        ordered = np.sort(to_a) if many else to_a
        cell = place
        for b in range(groups[0], groups[1]):
            if b == a:
                continue
            to_b = distances[item[b] - base : item[b + 1] - base]
            counts[cell] += (
                _count_sorted(to_a, skip, to_b, ordered) if many else _count(to_a, skip, to_b)
            )
            cell += 1
