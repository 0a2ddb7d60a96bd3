"""The compiled counts: alignment against known values, arc cosine against numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.abx_set import dtw

pytest.importorskip("numba")
from espnet_av.ops import abx_compiled
from espnet_av.ops.abx_compiled import ANGULAR, EUCLIDEAN, dtw_mean


def aligned(costs):
    costs = np.asarray(costs, dtype=np.float32)
    room = np.empty(costs.shape[1], np.float32), np.empty(costs.shape[1], np.int32)
    return dtw_mean(costs, 0, costs.shape[0], 0, costs.shape[1], *room)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6))
def test_alignment_against_the_table(seed, rows, columns):
    costs = np.random.default_rng(seed).integers(0, 4, (rows, columns))
    assert aligned(costs) == pytest.approx(dtw(costs.astype(np.float32)), abs=1e-6)


def test_only_the_part_that_is_asked_for():
    whole = np.full((6, 7), 9, np.float32)
    whole[1:5, 2:5] = [[0.1, 0.9, 0.8], [0.7, 0.2, 0.9], [0.8, 0.6, 0.3], [0.9, 0.8, 0.1]]
    room = np.empty(3, np.float32), np.empty(3, np.int32)
    assert dtw_mean(whole, 1, 4, 2, 3, *room) == pytest.approx(0.175, abs=1e-6)


def test_arc_cosine_of_every_cosine():
    cosines = np.concatenate([np.linspace(-1, 1, 4001), [1.5, -1.5, 1 - 1e-7]]).astype(np.float32)
    found = cosines[None].copy()
    unused = np.zeros((1, 1), np.float32)
    abx_compiled._costs(found, unused, unused, unused[0], 0, 0, ANGULAR)
    expected = np.arccos(np.clip(cosines.astype(np.float64), -1, 1)) / np.pi
    np.testing.assert_allclose(found[0], expected, atol=2e-7)


def test_equal_frames_are_at_no_distance():
    frames = np.random.default_rng(0).normal(size=(4, 300)).astype(np.float32)
    frames[1] = frames[0]
    own = np.einsum("nd,nd->n", frames, frames)
    found = frames @ frames.T
    found[0, 1] += 1e-3  # what rounding may leave
    abx_compiled._costs(found, frames, frames, own, 0, 0, EUCLIDEAN)
    assert found[0, 1] == 0.0


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(monkeypatch):
    def njit(**options):
        if options.pop("cache", False):
            msg = "cannot cache function 'half': no locator available"
            raise RuntimeError(msg)
        return lambda function: (function, options)

    monkeypatch.setattr(abx_compiled, "njit", njit)
    assert abx_compiled._compiled(len) == (len, {"nogil": True})
