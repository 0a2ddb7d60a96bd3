"""Sound between its samples is that of the same band-limited signal."""

import numpy as np
import pytest

from espnet_av.media.fractional_delay import sample_at


def test_whole_places_are_the_samples():
    wave = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    assert np.array_equal(sample_at(wave, np.arange(1000.0)), wave)
    assert np.array_equal(sample_at(wave, np.arange(500.0) + 100), wave[100:600])


@pytest.mark.parametrize("hz", [100, 1000, 4000, 6500])
def test_tones_between_samples(hz):
    wave = np.sin(2 * np.pi * hz * np.arange(20000) / 16000).astype(np.float32)
    places = np.linspace(50, 19900, 19000)
    expected = np.sin(2 * np.pi * hz * places / 16000)
    assert np.abs(sample_at(wave, places) - expected).max() < 1e-3


def test_silence_around():
    wave = np.ones(10, np.float32)
    assert np.abs(sample_at(wave, np.array([-40.0, -1.0, 10.0, 50.0]))).max() < 1e-9
    assert len(sample_at(wave, np.zeros(0))) == 0
