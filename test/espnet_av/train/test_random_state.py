"""Draws follow from (seed, rank, micro-step) alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from espnet_av.train.random_state import seed_micro_step


@pytest.fixture(autouse=True)
def states():
    """The generators are those of the process: leave them as they were."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])
    torch.set_rng_state(before[2])


def draws(seed, rank, micro_step):
    seed_micro_step(seed, rank, micro_step)
    return torch.rand(3).tolist(), np.random.rand(3).tolist(), [random.random() for _ in range(3)]


def test_what_was_drawn_before_does_not_matter():
    expected = draws(1, 0, 5)
    draws(9, 9, 9)
    torch.rand(17), np.random.rand(5), random.random()
    assert draws(1, 0, 5) == expected


def test_every_seed_rank_and_step_has_draws_of_its_own():
    places = [(seed, rank, step) for seed in range(3) for rank in range(4) for step in range(20)]
    for generator in range(3):
        seen = {tuple(draws(*place)[generator]) for place in places}
        assert len(seen) == len(places)


@pytest.mark.parametrize("place", [(0, 0, 0), (2**31 - 1, 1023, 10**9), (2**63 - 1, 0, 2**40)])
def test_large_numbers_are_seeds_for_all_three(place):
    first, second = draws(*place), draws(*place)
    assert first == second
