"""The compiled counts of a block, against numbers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")
from espnet_av.ops.abx_compiled import count_blocks
from espnet_av.ops.abx_frame_costs import EUCLIDEAN


def test_one_frame_an_item_on_a_line():
    # Groups at 0 and 1, and at 3: X of the first is nearer to its fellow; that at 3 is alone.
    frames = np.array([[0], [1], [3]], np.float32)
    arrays = (np.arange(4), np.array([0, 2, 3]), np.array([0, 2]), np.array([[0, 0]]))
    tasks = (np.array([0, 1]), np.array([0]), np.array([0]), np.array([0, 1]))
    own = np.einsum("nd,nd->n", frames, frames)
    assert count_blocks(frames, frames, own, EUCLIDEAN, *arrays, *tasks, 0, 1).tolist() == [2.0]
    frames[2] = 2  # as far from 1 as 0 is
    own = np.einsum("nd,nd->n", frames, frames)
    assert count_blocks(frames, frames, own, EUCLIDEAN, *arrays, *tasks, 0, 1).tolist() == [1.5]
