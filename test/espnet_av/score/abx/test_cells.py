"""Cells of a plan: pooled frames, shares of threads."""

import numpy as np
import pytest

from espnet_av.score.abx.cells import _edges, pool


def test_means_of_items():
    frames = np.arange(12, dtype=np.float32).reshape(6, 2)
    length = np.array([1, 3, 2])
    np.testing.assert_allclose(pool(frames, length, "mean"), [[0, 1], [4, 5], [9, 10]])
    window = np.hamming(3)
    expected = window @ frames[1:4] / window.sum()
    np.testing.assert_allclose(pool(frames, length, "hamming")[1], expected, rtol=1e-6)
    assert pool(frames, length, "none") is frames


@pytest.mark.parametrize(("num_blocks", "num_threads"), [(1, 1), (7, 1), (1, 3), (100, 3)])
def test_shares_cover_all_blocks_once(num_blocks, num_threads):
    edges = _edges(num_blocks, num_threads)
    assert (edges[0], edges[-1]) == (0, num_blocks)
    assert edges == sorted(set(edges))
