from __future__ import annotations

import numpy as np
import pytest

from espnet_av.data.readers.audio_augment import add_noise, change_speed, fit_length


def tone(hertz: float, samples: int = 16000) -> np.ndarray:
    return np.sin(np.arange(samples) * hertz / 16000 * 2 * np.pi).astype(np.float32)


def pitch(wave: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(spectrum.argmax() * 16000 / len(wave))


@pytest.mark.parametrize("speed", [0.9, 1.1, 1.25])
def test_speed_changes_length_and_pitch(speed: float) -> None:
    wave = tone(440)
    changed = change_speed(wave, speed)
    assert changed.dtype == np.float32
    assert len(changed) == pytest.approx(16000 / speed, abs=1)
    assert pitch(changed) == pytest.approx(440 * speed, rel=0.01)
    assert np.abs(changed).max() == pytest.approx(1, abs=0.05)


def test_unchanged_speed_is_the_same_wave() -> None:
    wave = tone(440)
    assert change_speed(wave, 1.0) is wave


def test_fit_length_trims_and_pads_at_the_end() -> None:
    wave = np.arange(1, 6, dtype=np.float32)
    assert fit_length(wave, 3).tolist() == [1, 2, 3]
    assert fit_length(wave, 7).tolist() == [1, 2, 3, 4, 5, 0, 0]
    assert fit_length(wave, 5).tolist() == wave.tolist()


def test_noise_has_the_ratio_drawn(noise) -> None:
    speech = 0.1 * tone(440)
    ratios = []
    for seed in range(30):
        noisy = add_noise(speech, np.random.default_rng(seed), noise, (-5.0, 10.0), ["hum"])
        added = noisy - speech
        ratios.append(20 * np.log10(np.std(speech) / np.std(added)))
    assert -5.1 < min(ratios) < -2 and 7 < max(ratios) < 10.1
    exact = add_noise(speech, np.random.default_rng(0), noise, (3.0, 3.0))
    assert 20 * np.log10(np.std(speech) / np.std(exact - speech)) == pytest.approx(3, abs=0.01)
