"""ABX counts of whole blocks of items, compiled: products, alignments and comparisons in one go.

Every unordered pair of items that a cell needs is aligned once; the cells are read off the matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit


def _compiled(function: Callable[..., Any]) -> Any:
    """A function as machine code, which is kept on disk where there is a place for it."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither this folder nor the user's own can be written
        return njit(nogil=True)(function)


_F = np.float32
_ZERO, _HALF, _ONE, _MINUS_ONE = _F(0), _F(0.5), _F(1), _F(-1)
_PI, _OVER_PI = _F(np.pi), _F(1 / np.pi)
# Abramowitz and Stegun 4.4.46: within 2e-8 of the arc cosine on [0, 1], and cheap in vectors.
_C0, _C1, _C2, _C3 = _F(1.5707963050), _F(-0.2145988016), _F(0.0889789874), _F(-0.0501743046)
_C4, _C5, _C6, _C7 = _F(0.0308918810), _F(-0.0170881256), _F(0.0066700901), _F(-0.0012624911)
_CANCELLED = _F(1e-3)
"""Below this share of the squared lengths a squared difference is computed from the vectors."""
_TILE = 1 << 18
"""Products at a time; they stay in the cache."""
_FEW = 16
"""Distances that are compared one by one; more are sorted first."""
ANGULAR, EUCLIDEAN, KL = 0, 1, 2


@_compiled
def _costs(
    products: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    own: np.ndarray,
    first_row: int,
    first_column: int,
    kind: int,
) -> None:
    """Turn inner products of frames into their distances, in place."""
    rows, columns = products.shape
    if kind == ANGULAR:
        flat = products.reshape(rows * columns)
        for k in range(flat.size):
            x = min(max(flat[k], _MINUS_ONE), _ONE)
            a = abs(x)
            p = _C4 + a * (_C5 + a * (_C6 + a * _C7))
            p = _C0 + a * (_C1 + a * (_C2 + a * (_C3 + a * p)))
            y = np.sqrt(_ONE - a) * p
            flat[k] = (y if x >= _ZERO else _PI - y) * _OVER_PI
        return
    for i in range(rows):
        mine = own[first_row + i]
        for j in range(columns):
            both = mine + own[first_column + j]
            if kind == KL:
                products[i, j] = _HALF * (both - products[i, j])
                continue
            square = both - _F(2) * products[i, j]
            if square < _CANCELLED * both:
                square = _ZERO
                for d in range(left.shape[1]):
                    difference = left[first_row + i, d] - right[first_column + j, d]
                    square += difference * difference
            products[i, j] = np.sqrt(square)


@_compiled
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


@_compiled
def _align(
    left: np.ndarray,
    right: np.ndarray,
    own: np.ndarray,
    kind: int,
    frame: np.ndarray,
    room: np.ndarray,
    sums: np.ndarray,
    steps: np.ndarray,
    rows: tuple[int, int],
    columns: tuple[int, int],
    origins: tuple[int, int],
    found: np.ndarray,
) -> np.ndarray:
    """Distances of items `rows` and `columns`, (first, end) each, into `found`.

    `origins`: item of the first row and column of `found`. Where these are the same, `found` is
    symmetric, and of a pair within it just one order is aligned.
    """
    same = origins[0] == origins[1]
    first_column, end_column = frame[columns[0]], frame[columns[1]]
    width = end_column - first_column
    item = rows[0]
    while item < rows[1]:
        end = item + 1
        while end < rows[1] and (frame[end + 1] - frame[item]) * width <= room.size:
            end += 1
        first, height = frame[item], frame[end] - frame[item]
        if height * width > room.size:
            room = np.empty(height * width, np.float32)
        products = room[: height * width].reshape(height, width)
        np.dot(left[first : first + height], right[first_column:end_column].T, products)
        _costs(products, left, right, own, first, first_column, kind)
        for i in range(item, end):
            for j in range(max(i + 1, columns[0]) if same else columns[0], columns[1]):
                value = dtw_mean(
                    products, frame[i] - first, frame[i + 1] - frame[i],
                    frame[j] - first_column, frame[j + 1] - frame[j], sums, steps,
                )  # fmt: skip
                found[i - origins[0], j - origins[1]] = value
                if same:
                    found[j - origins[0], i - origins[1]] = value
        item = end
    return room


@_compiled
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


@_compiled
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


@_compiled
def _score_task(
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
        distances = found[:, x_item - origins[1]] if flipped else found[x_item - origins[0], :]
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


@_compiled
def _fill(
    left: np.ndarray,
    right: np.ndarray,
    own: np.ndarray,
    kind: int,
    frame: np.ndarray,
    item: np.ndarray,
    segment: np.ndarray,
    pair: tuple[int, int],
    xs: np.ndarray,
    room: np.ndarray,
    sums: np.ndarray,
    steps: np.ndarray,
    taken: np.ndarray,
    found: np.ndarray,
) -> np.ndarray:
    """Align what the cells of a block need: each of its groups `xs` with the other segment."""
    p, q = pair
    origins = (item[segment[p]], item[segment[q]])
    last = item[segment[q + 1]]
    if p == q:
        for x in xs:
            # The groups before it were aligned with it already.
            room = _align(
                left, right, own, kind, frame, room, sums, steps,
                (item[x], item[x + 1]), (item[x], last), origins, found,
            )  # fmt: skip
        return room
    taken[segment[q] : segment[q + 1]] = False
    for x in xs:
        if x >= segment[q]:
            taken[x] = True
            room = _align(
                left, right, own, kind, frame, room, sums, steps,
                (origins[0], item[segment[p + 1]]), (item[x], item[x + 1]), origins, found,
            )  # fmt: skip
    for x in xs:
        g = segment[q]
        while x < segment[q] and g < segment[q + 1]:
            end = g
            while end < segment[q + 1] and not taken[end]:
                end += 1
            if end > g:
                room = _align(
                    left, right, own, kind, frame, room, sums, steps,
                    (item[x], item[x + 1]), (item[g], item[end]), origins, found,
                )  # fmt: skip
            g = end + 1
    return room


@_compiled
def count_blocks(
    left: np.ndarray,
    right: np.ndarray,
    own: np.ndarray,
    kind: int,
    frame: np.ndarray,
    item: np.ndarray,
    segment: np.ndarray,
    pairs: np.ndarray,
    task: np.ndarray,
    task_x: np.ndarray,
    task_a: np.ndarray,
    cell: np.ndarray,
    first: int,
    end: int,
) -> np.ndarray:
    """Triplets of every cell in which A is nearer to X than B is; ties count half.

    Items lie one behind the other in frames, groups in items, segments in groups. A block is a pair
    of segments (the same one within talkers); its tasks are pairs of groups X and A of one phone,
    each X once, and a task has a cell for every other group of A's segment, in order.

    Args:
        left: (N, D) float32 frames, see `frame_distance.prepare`.
        right: (N, D) float32, or the same.
        own: (N,) float32.
        kind: ANGULAR, EUCLIDEAN or KL.
        frame: (M + 1,) int64, first frame of every item.
        item: (G + 1,) int64, first item of every group; within a segment that is its own partner,
            groups that are X come first.
        segment: (S + 1,) int64, first group of every segment.
        pairs: (R, 2) int64, segments of every block, the lower one first.
        task: (R + 1,) int64, first task of every block.
        task_x: (K,) int64, group.
        task_a: (K,) int64, group.
        cell: (K + 1,) int64, first cell of every task.
        first: block to start with.
        end: block to end before.

    Returns:
        float64 counts of the cells of these blocks.
    """
    longest = 1
    for m in range(frame.size - 1):
        longest = max(longest, frame[m + 1] - frame[m])
    sums, steps = np.empty(longest, np.float32), np.empty(longest, np.int32)
    room, matrix = np.empty(_TILE, np.float32), np.empty(64, np.float32)
    taken = np.zeros(item.size, np.bool_)
    start = cell[task[first]]
    counts = np.zeros(cell[task[end]] - start, np.float64)
    for block in range(first, end):
        p, q = pairs[block, 0], pairs[block, 1]
        origins = (item[segment[p]], item[segment[q]])
        height, width = item[segment[p + 1]] - origins[0], item[segment[q + 1]] - origins[1]
        if height * width > matrix.size:
            matrix = np.empty(height * width, np.float32)
        found = matrix[: height * width].reshape(height, width)
        xs = task_x[task[block] : task[block + 1]]
        room = _fill(
            left, right, own, kind, frame, item, segment, (p, q), xs, room, sums, steps, taken,
            found,
        )  # fmt: skip
        for k in range(task[block], task[block + 1]):
            flipped = p != q and task_x[k] >= segment[q]
            home = p if flipped else q
            _score_task(
                found, origins, flipped, item, task_x[k], task_a[k],
                (segment[home], segment[home + 1]), counts, cell[k] - start,
            )  # fmt: skip
    return counts
