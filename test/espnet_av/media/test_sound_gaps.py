"""Pieces of sound laid out in time."""

import numpy as np
import pytest

from espnet_av.media.sound_gaps import SoundGap, lay_out
from espnet_av.media.sound_places import SoundPiece

FS = 100


def piece(sound, file):
    return SoundPiece(np.array(sound, float), np.array(file, float))


def test_one_piece_stays_as_it_is():
    wave = np.arange(100, dtype=np.float32)
    found = lay_out(wave, [piece([0, 1], [-0.25, 0.75])], FS)
    assert found.first == -25
    assert found.wave is wave
    assert found.gaps == ()


def test_silence_in_a_hole():
    wave = np.ones(100, np.float32)
    found = lay_out(wave, [piece([0, 0.4], [0, 0.4]), piece([0.4, 1], [0.9, 1.5])], FS)
    assert np.array_equal(found.wave, [1] * 40 + [0] * 50 + [1] * 60)
    (gap,) = found.gaps
    assert gap[0] == "hole"
    assert gap[1:] == pytest.approx((0.4, 0.5, 0.9))


def test_what_is_there_twice_is_heard_once():
    wave = np.arange(100, dtype=np.float32)
    found = lay_out(wave, [piece([0, 0.4], [0, 0.4]), piece([0.4, 1], [0.3, 0.9])], FS)
    assert np.array_equal(found.wave, [*range(40), *range(50, 100)])
    (gap,) = found.gaps
    assert gap[0] == "overlap"
    assert gap[1:] == pytest.approx((0.3, 0.1, 0.4))


def test_a_piece_wholly_inside_what_was_heard():
    wave = np.arange(100, dtype=np.float32)
    pieces = [piece([0, 0.5], [0, 0.5]), piece([0.5, 0.6], [0.2, 0.3]), piece([0.6, 1], [0.5, 0.9])]
    found = lay_out(wave, pieces, FS)
    assert np.array_equal(found.wave, [*range(50), *range(60, 100)])


def test_a_slow_clock_is_stretched():
    time = np.arange(1600) / 1600
    wave = np.sin(2 * np.pi * 50 * time).astype(np.float32)
    found = lay_out(wave, [piece([0, 0.5, 1], [0, 0.55, 1.05])], 1600)
    assert len(found.wave) == 1680
    # 50 Hz become 45.45 in the first half; the places between knots are linear.
    expected = np.sin(2 * np.pi * 50 * np.arange(880) / 1.1 / 1600)
    assert np.abs(found.wave[100:800] - expected[100:800]).max() < 0.01
    (gap,) = found.gaps
    assert gap == SoundGap("slow clock", 0.0, pytest.approx(0.05), pytest.approx(1.05))


def test_samples_beyond_the_last_piece_are_kept():
    wave = np.ones(103, np.float32)
    found = lay_out(wave, [piece([0, 0.5], [0, 0.5]), piece([0.5, 1], [0.6, 1.1])], FS)
    assert len(found.wave) == 113
