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
    room = [np.empty(costs.shape[1], dtype) for dtype in (np.float64, np.int64)]
    return dtw_mean(costs, 0, costs.shape[0], 0, costs.shape[1], *room)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6))
def test_alignment_against_the_table_both_ways(seed, rows, columns):
    # Few values: many paths are as cheap as each other, and of several lengths.
    costs = np.random.default_rng(seed).integers(0, 3, (rows, columns)).astype(np.float32)
    assert aligned(costs) == pytest.approx((dtw(costs), dtw(costs.T)), abs=1e-6)


def test_equal_ways_of_two_lengths():
    costs = [[0, 0, 1], [1, 1, 0], [0, 0, 1], [0, 1, 1]]
    found = aligned(costs)
    assert found == pytest.approx((dtw(np.array(costs)), dtw(np.array(costs).T)))


def test_only_the_part_that_is_asked_for():
    whole = np.full((6, 7), 9, np.float32)
    whole[1:5, 2:5] = [[0.1, 0.9, 0.8], [0.7, 0.2, 0.9], [0.8, 0.6, 0.3], [0.9, 0.8, 0.1]]
    room = np.empty(3, np.float64), np.empty(3, np.int64)
    assert dtw_mean(whole, 1, 4, 2, 3, *room) == pytest.approx((0.175, 0.175), abs=1e-6)
