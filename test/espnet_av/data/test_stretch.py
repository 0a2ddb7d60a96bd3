"""Which part of a long utterance is taken, and that every array loses the same."""

from __future__ import annotations

import numpy as np
import pytest

from espnet_av.data.stretch import WHOLE, Stretch, choose_stretch


def test_the_same_part_at_every_rate() -> None:
    assert Stretch(2, 5).of(np.arange(10)).tolist() == [2, 3, 4]
    assert Stretch(1, 3).of(np.arange(20), per_frame=4).tolist() == [4, 5, 6, 7, 8, 9, 10, 11]
    assert Stretch(1, 3).of(np.arange(8).reshape(4, 2)).tolist() == [[2, 3], [4, 5]]


def test_all_of_an_utterance_keeps_its_last_fraction_of_a_frame() -> None:
    assert WHOLE.of(np.arange(7), per_frame=3).tolist() == list(range(7))
    assert Stretch(2, None).of(np.arange(7), per_frame=3).tolist() == [6]


@pytest.mark.parametrize(("num_frames", "max_frames"), [(10, 0), (10, 10), (9, 10), (0, 5)])
def test_short_ones_are_whole(num_frames: int, max_frames: int) -> None:
    for generator in (None, np.random.default_rng(0)):
        assert choose_stretch(num_frames, max_frames, generator) == WHOLE


@pytest.mark.parametrize(
    ("num_frames", "expected"), [(11, (0, 10)), (12, (1, 11)), (13, (1, 11)), (20, (5, 15))]
)
def test_the_middle_without_chance(num_frames: int, expected: tuple[int, int]) -> None:
    assert choose_stretch(num_frames, 10, None) == expected


def test_chance_reaches_both_ends_and_never_beyond() -> None:
    generator = np.random.default_rng(0)
    found = {choose_stretch(6, 4, generator) for _ in range(100)}
    assert found == {(0, 4), (1, 5), (2, 6)}
