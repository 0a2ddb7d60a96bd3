"""Other sampling rates, against torchaudio's and against what a tone should become."""

import math

import pytest
import torch

from espnet_av.ops.resampling import resample

RATES = [(9, 10), (11, 10), (16000, 8000), (44100, 16000), (100, 97)]


@pytest.mark.parametrize(("rate", "new_rate"), RATES)
@pytest.mark.parametrize("shape", [(1,), (2, 3, 1001)])
def test_equals_torchaudio(rate, new_rate, shape):
    functional = pytest.importorskip("torchaudio.functional")
    waves = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    expected = functional.resample(waves, rate, new_rate)
    found = resample(waves, rate, new_rate)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-6)


@pytest.mark.parametrize(("rate", "new_rate"), RATES)
def test_a_tone_stays_the_same_tone(rate, new_rate):
    def tone(num_samples, fs):
        return torch.sin(2 * math.pi * 0.05 * torch.arange(num_samples) * rate / fs)

    found = resample(tone(2000, rate), rate, new_rate)
    assert len(found) == math.ceil(2000 * new_rate / rate)
    inside = slice(100, len(found) - 100)  # beyond the ends the wave counts as silent
    assert torch.allclose(found[inside], tone(len(found), new_rate)[inside], atol=0.02)


def test_a_batch_is_its_waves():
    waves = torch.randn(3, 500, generator=torch.Generator().manual_seed(1))
    apart = torch.stack([resample(wave, 9, 10) for wave in waves])
    torch.testing.assert_close(resample(waves, 9, 10), apart)


def test_no_change_and_nothing_to_change():
    wave = torch.ones(5)
    assert resample(wave, 32000, 32000) is wave
    assert resample(wave.double(), 1, 2).dtype == torch.float64
    assert resample(torch.zeros(0), 9, 10).shape == (0,)
    assert resample(torch.zeros(0, 7), 1, 2).shape == (0, 14)
