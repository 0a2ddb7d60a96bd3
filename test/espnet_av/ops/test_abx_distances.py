"""What is aligned: every pair that a cell needs, whatever the room for products."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from oracles.abx_set import angular, dtw

pytest.importorskip("numba")
from espnet_av.ops.abx_distances import fill_distances
from espnet_av.ops.abx_frame_costs import ANGULAR

LENGTH = np.array([2, 1, 3, 4, 1, 2, 5, 3])
FRAME = np.append(0, np.cumsum(LENGTH))
ITEM = np.array([0, 2, 4, 5, 8])  # four groups
SEGMENT = np.array([0, 2, 4])


def filled(pair, xs, room):
    frames = np.random.default_rng(0).normal(size=(FRAME[-1], 6)).astype(np.float32)
    items = [frames[start:end] for start, end in pairwise(FRAME)]
    frames /= np.linalg.norm(frames, axis=1, keepdims=True)
    rows, columns = (range(ITEM[SEGMENT[s]], ITEM[SEGMENT[s + 1]]) for s in pair)
    found = np.full((2, len(rows), len(columns)), np.nan, np.float32)
    fill_distances(
        frames, frames, frames[:, 0], ANGULAR, FRAME, ITEM, SEGMENT, pair, np.array(xs),
        np.empty(room, np.float32), np.empty(5, np.float64), np.empty(5, np.int64),
        np.zeros(len(ITEM), np.bool_), found,
    )  # fmt: skip
    expected = [[dtw(angular(items[i], items[j])) for j in columns] for i in rows]
    return found[0], np.array(expected)


@pytest.mark.parametrize("room", [1, 30, 1000])
def test_within_a_segment_and_between_two(room):
    found, expected = filled((0, 0), [0, 1], room)
    off = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(found[off], expected[off], atol=1e-6)
    found, expected = filled((0, 1), [1, 3], room)
    # X of group 1 meets all of the other segment, and X of group 3 all of the first.
    wanted = np.zeros((4, 4), dtype=bool)
    wanted[2:], wanted[:, 1:] = True, True
    np.testing.assert_allclose(found[wanted], expected[wanted], atol=1e-6)
    assert np.isnan(found[~wanted]).all()
