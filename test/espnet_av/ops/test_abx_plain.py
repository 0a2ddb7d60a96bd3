"""Counts in torch equal the compiled ones, and those of loops, for random tasks of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import abx_set

pytest.importorskip("numba")
from espnet_av.ops import abx_compiled, abx_plain
from espnet_av.score.abx import cells as cells_module
from espnet_av.score.abx.cells import score_cells
from espnet_av.score.abx.levels import cell_rows
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.plan import ItemLabels, make_plan

DISTANCES = {"angular": abx_set.angular, "euclidean": abx_set.euclidean, "kl": abx_set.kl}


class Held:
    def __init__(self, frames):
        self.frames = frames

    def read(self, items, length):
        return np.concatenate([self.frames[i] for i in items])


def task(seed, num_items, discrete):
    draw = np.random.default_rng(seed)
    shapes = [(int(draw.integers(1, 6)), 4) for _ in range(num_items)]
    if discrete:  # one-hot: many ways are equal, and of several lengths
        frames = [np.eye(4)[draw.integers(0, 4, shape[0])] for shape in shapes]
    else:
        frames = [np.exp(draw.normal(size=shape)) for shape in shapes]
    frames = [(f / f.sum(axis=1, keepdims=True)).astype(np.float32) for f in frames]
    numbers = [draw.integers(0, n, num_items) for n in (3, 2, 3)]
    names = [[f"{kind}{n}" for n in range(3)] for kind in "pcs"]
    return frames, ItemLabels(*numbers, *names)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(6, 30), st.sampled_from(sorted(DISTANCES)), st.booleans())
@pytest.mark.parametrize("speaker", ["within", "across"])
@pytest.mark.parametrize("module", [abx_compiled, abx_plain])
def test_against_loops(module, speaker, seed, num_items, distance, discrete):
    frames, labels = task(seed, num_items, discrete)
    options = AbxOptions(max_size_group=None, max_x_across=None, distance=distance)
    words = [
        tuple(names[n] for names, n in zip(labels_of(labels), row, strict=True))
        for row in zip(labels.phone, labels.context, labels.speaker, strict=True)
    ]
    expected = abx_set.cells(
        frames, words, across=speaker == "across", distance=DISTANCES[distance]
    )
    if not expected:
        return
    plan = make_plan(labels, speaker, options)
    length = np.array([len(f) for f in frames])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells_module, "_counter", lambda: module.count_blocks)
        patch.setattr("espnet_av.score.abx.plan._CHUNK_FRAMES", 20)
        found = [
            row
            for chunk in score_cells(plan, Held(frames), length, options, num_threads=2)
            for row in cell_rows(plan, chunk)
        ]
    assert {
        (row["a"], row["b"], row["context"], row["speaker"], row["speaker_x"]): (
            pytest.approx(row["error"], abs=1e-6),
            row["triplets"],
        )
        for row in found
    } == expected
    assert len(found) == len(expected) == plan.num_cells


def labels_of(labels):
    return labels.phones, labels.contexts, labels.speakers
