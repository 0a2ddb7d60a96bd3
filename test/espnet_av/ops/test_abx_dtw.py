"""Alignment of one pair against the table, and known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.abx_set import dtw

pytest.importorskip("numba")
from espnet_av.ops.abx_dtw import dtw_mean


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
