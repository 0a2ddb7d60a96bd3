"""Sound between its samples."""

from __future__ import annotations

import numpy as np

_HALF_TAPS = 16
_KAISER_BETA = 8.0
_BLOCK = 1 << 14
"""Samples at a time: 32 taps of float64 are 4 MB."""


def sample_at(wave: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Values of a sound at any places, by a windowed sinc.

    The places follow each other at about the distance of the samples: nothing is filtered.

    Args:
        wave: (S,) float32; silence before and after.
        positions: (N,) float64, in samples.

    Returns:
        (N,) float32; equal to `wave` where a position is a whole number.
    """
    found = np.empty(len(positions), np.float32)
    taps = np.arange(1 - _HALF_TAPS, _HALF_TAPS + 1)
    for first in range(0, len(positions), _BLOCK):
        part = positions[first : first + _BLOCK]
        whole = np.floor(part).astype(np.int64)
        places = whole[:, None] + taps
        distances = part[:, None] - places
        window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0, 1 - (distances / _HALF_TAPS) ** 2)))
        weights = np.sinc(distances) * (window / np.i0(_KAISER_BETA))
        inside = (places >= 0) & (places < len(wave))
        values = wave[np.clip(places, 0, len(wave) - 1)] * inside
        found[first : first + _BLOCK] = (values * weights).sum(axis=1)
    return found
