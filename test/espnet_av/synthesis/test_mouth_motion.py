"""From timed phones to mouth shapes."""

import numpy as np
import pytest

from espnet_av.synthesis.mouth_motion import Articulation, mouth_motion
from espnet_av.synthesis.visemes import VISEMES, Viseme

JAW, PRESS = Viseme._fields.index("jaw"), Viseme._fields.index("press")


def move(phones, num_frames=20, seed=0, **articulation):
    rng = np.random.default_rng(seed)
    return mouth_motion(phones, num_frames, Articulation(**articulation), rng)


def word(consonant):
    return [
        (0.0, 0.2, "sil"), (0.2, 0.1, consonant), (0.3, 0.2, "ɑ"), (0.5, 0.3, "sil"),
    ]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [("p", "b"), ("b", "m"), ("t", "n"), ("f", "v")])
def test_phones_of_one_viseme_move_alike(one, other):
    np.testing.assert_array_equal(move(word(one), jitter=0.1), move(word(other), jitter=0.1))


def test_lips_meet_for_a_bilabial_and_open_for_a_vowel():
    shapes = move(word("p"))
    closed, opened = round(0.24 * 25), round(0.4 * 25)
    assert shapes[closed, PRESS] > 0.8
    assert shapes[closed, JAW] < 0.1
    assert shapes[opened, JAW] > 0.7
    assert shapes[0, JAW] < 0.1


def test_a_closure_lasts_no_longer_for_an_aspirated_stop():
    long, short = ([(0.0, length, "p"), (0.3, 0.5, "ɑ")] for length in (0.25, 0.08))
    np.testing.assert_allclose(move(long), move(short))


def test_no_gain_no_motion():
    shapes = move(word("p"), gain=0.0)
    np.testing.assert_allclose(shapes, np.tile(VISEMES["central"][:7], (20, 1)))


def test_blending_flattens_the_motion():
    crisp, slow = (move(word("p"), blending_sec=value)[:, JAW] for value in (0.02, 0.1))
    assert np.ptp(slow) < 0.8 * np.ptp(crisp)


def test_jitter_comes_from_the_generator_and_stays_in_range():
    first, second = (move(word("p"), seed=seed, jitter=0.5) for seed in (1, 2))
    assert not np.allclose(first, second)
    assert first.min() >= -1
    assert first.max() <= 1
    assert first[:, JAW].min() >= 0


def test_without_phones_the_mouth_rests():
    np.testing.assert_allclose(move([], 2), np.tile(VISEMES["rest"][:7], (2, 1)))


@pytest.mark.parametrize("wrong", [{"gain": -1.0}, {"blending_sec": 0.0}, {"blur": -0.1}])
def test_impossible_articulation(wrong):
    with pytest.raises(ValueError, match="blending_sec must be positive"):
        Articulation(**wrong)
