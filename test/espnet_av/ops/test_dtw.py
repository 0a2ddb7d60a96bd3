"""DTW against values of torchdtw 0.4.2 and against a full table with backtracking."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.abx_set import dtw

from espnet_av.ops.dtw import dtw_means

INF = float("inf")
GOLDEN = [
    ([[0.1, 0.2, 0.3, 0.4, 0.5]], 0.3),
    ([[0.1], [0.2], [0.3], [0.4], [0.5]], 0.3),
    ([[0.1, 0.9, 0.8], [0.7, 0.2, 0.9], [0.8, 0.6, 0.3], [0.9, 0.8, 0.1]], 0.175),
    ([[0.1, 0.7, 0.8, 0.9], [0.9, 0.2, 0.6, 0.8], [0.8, 0.9, 0.3, 0.1]], 0.175),
    ([[0.0, INF], [INF, 0.0]], 0.0),
    ([[0.0, 1.0], [1.0, 0.0]], 0.0),
    ([[0.2, 0.4, 0.6]], 0.4),
    ([[(7 * (7 * row + column)) % 11 / 10 for column in range(7)] for row in range(5)], 0.2428571),
]


@pytest.mark.parametrize(("costs", "expected"), GOLDEN)
def test_golden_values(costs, expected):
    costs = torch.tensor(costs)[None]
    sizes = torch.tensor([costs.shape[1]]), torch.tensor([costs.shape[2]])
    assert dtw_means(costs, *sizes).item() == pytest.approx(expected, abs=1e-6)


def test_integers_are_taken_as_floats():
    costs = 10 * torch.tensor(GOLDEN[2][0])[None]
    found = dtw_means(costs.round().long(), torch.tensor([4]), torch.tensor([3]))
    assert found.tolist() == [1.75]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 6))
def test_ragged_pairs_against_the_table(seed, rows, columns):
    draw = np.random.default_rng(seed)
    costs = draw.integers(0, 4, (5, rows, columns)).astype(np.float32)  # many ties
    num_rows, num_columns = (draw.integers(1, n + 1, 5) for n in (rows, columns))
    found = dtw_means(torch.from_numpy(costs), *map(torch.from_numpy, (num_rows, num_columns)))
    expected = [dtw(c[:r, :k]) for c, r, k in zip(costs, num_rows, num_columns, strict=True)]
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("length", [0, 4])
def test_lengths_outside_are_named(length):
    with pytest.raises(ValueError, match=f"columns: lengths from {length} to {length} of 3"):
        dtw_means(torch.zeros(1, 2, 3), torch.tensor([2]), torch.tensor([length]))
