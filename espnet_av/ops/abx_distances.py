"""Distances of items: each unordered pair that a cell needs is aligned once; compiled."""

from __future__ import annotations

import numpy as np

from espnet_av.ops.abx_dtw import dtw_mean
from espnet_av.ops.abx_frame_costs import to_costs
from espnet_av.ops.compiled import compiled


@compiled
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

    `origins`: item of the first row and column of `found`, (2, R, C): with the items of the rows as
    rows of the alignment, and with those of the columns. Where the origins are the same, just
    `found[0]` is filled, for both orders of a pair; of a pair within `rows` both are one.
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
        to_costs(products, left, right, own, first, first_column, kind)
        for i in range(item, end):
            for j in range(max(i + 1, columns[0]) if same else columns[0], columns[1]):
                value, other = dtw_mean(
                    products, frame[i] - first, frame[i + 1] - frame[i],
                    frame[j] - first_column, frame[j + 1] - frame[j], sums, steps,
                )  # fmt: skip
                found[0, i - origins[0], j - origins[1]] = value
                if not same:
                    found[1, i - origins[0], j - origins[1]] = other
                elif j < rows[1]:
                    found[0, j - origins[0], i - origins[1]] = value
                else:
                    found[0, j - origins[0], i - origins[1]] = other
        item = end
    return room


@compiled
def fill_distances(
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
