"""Cells of a plan: pooled frames, shares of threads."""

import numpy as np
import pytest

from espnet_av.score.abx import plan as plan_module
from espnet_av.score.abx.cells import _edges, pool, score_cells
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.plan import ItemLabels, make_plan


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


class Frames:
    """Random frames of items, wherever they are asked for."""

    def __init__(self, length):
        generator = np.random.default_rng(1)
        self.of = [generator.normal(size=(size, 4)).astype(np.float32) for size in length]

    def read(self, items, length):
        return np.concatenate([self.of[item] for item in items])


@pytest.mark.parametrize("num_threads", [1, 3])
@pytest.mark.parametrize("speaker", ["within", "across"])
def test_parts_give_what_all_at_once_gives(monkeypatch, speaker, num_threads):
    generator = np.random.default_rng(0)
    length = generator.integers(1, 6, size=60)
    groups = [generator.integers(0, most, size=60).astype(np.int64) for most in (3, 2, 4)]
    names = [[f"{n}" for n in range(most)] for most in (3, 2, 4)]
    labels = ItemLabels(*groups, *names)
    plan, frames = make_plan(labels, speaker, AbxOptions()), Frames(length)

    def scored():
        parts = list(score_cells(plan, frames, length, AbxOptions(), num_threads))
        columns = zip(*((part.task, part.b, part.error, part.size) for part in parts), strict=True)
        return len(parts), [np.concatenate(column) for column in columns]

    num_whole, whole = scored()
    monkeypatch.setattr(plan_module, "_CHUNK_FRAMES", 30)
    num_parts, parts = scored()
    assert num_whole == 1 and num_parts > 3
    for found, expected in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(found, expected)
