"""Training-time changes of the sound: speed and added noise."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import torch

from espnet_av.data.noise_bank import NoiseBank, mix
from espnet_av.ops.resampling import resample


def change_speed(speech: np.ndarray, speed: float) -> np.ndarray:
    """Play a wave `speed` times as fast (pitch moves too); (S,) -> (about S / speed,) float32."""
    if speed == 1.0:
        return speech
    # As sampled at `speed` times the rate: small whole numbers keep the resampling filter short.
    ratio = Fraction(speed).limit_denominator(100)
    with torch.no_grad():
        wave = torch.from_numpy(np.ascontiguousarray(speech, dtype=np.float32))
        changed: np.ndarray = resample(wave, ratio.numerator, ratio.denominator).numpy()
    return changed


def add_noise(
    speech: np.ndarray,
    generator: np.random.Generator,
    noise: NoiseBank,
    snr_db: tuple[float, float],
    categories: Sequence[str] | None = None,
) -> np.ndarray:
    """Mix in one random noise at a signal-to-noise ratio drawn evenly from `snr_db` (low, high)."""
    recording = noise.sample(generator, categories)
    return mix(speech, recording, float(generator.uniform(*snr_db)))


def fit_length(speech: np.ndarray, num_samples: int) -> np.ndarray:
    """Trim, or pad with zeros at the end, to exactly `num_samples`."""
    if len(speech) >= num_samples:
        return speech[:num_samples]
    return np.pad(speech, (0, num_samples - len(speech)))
