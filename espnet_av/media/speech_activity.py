"""Where somebody speaks: energy in the speech band against a noise floor that is tracked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from espnet_av.rates import SAMPLE_RATE

RATE_HZ = 100
"""Frames a second of everything here."""
_HOP = SAMPLE_RATE // RATE_HZ
_WINDOW = 400
_FFT = 512
_BAND_HZ = (200, 4000)
_SMOOTHED = 5
"""Frames of a moving average: a syllable is longer, the crackle of a codec shorter."""
_CHUNK = 6000
"""Frames of the spectrum that are in memory at once."""
_TRACK_SEC, _STEP_SEC = 6.0, 0.5
"""The floor follows the noise of so many seconds, looked at so often."""
_FLOOR_SHARE, _PEAK_SHARE = 10.0, 95.0
"""Percentiles of the level that are the noise floor and loud speech."""
_MAX_RANGE_DB = 50.0
_ON_SHARE, _OFF_SHARE = 0.4, 0.25
"""Of the way from the floor to loud speech: speech is above the first, and goes on down to the
second."""
_LEAST_ON_DB, _LEAST_OFF_DB = 3.0, 2.0
"""Noise alone moves less than this about its floor."""
_MIN_PAUSE_SEC = 0.1
"""Shorter silences are closures of a stop inside of a word."""
_EPSILON = 1e-10


class SpeechActivity(NamedTuple):
    """What was found in a sound of T frames at `RATE_HZ`."""

    loudness: np.ndarray
    """(T,) float64 height above the noise floor, smoothed; 1 = that of the lower threshold."""
    is_speech: np.ndarray
    """(T,) bool."""


def find_speech(wave: np.ndarray) -> SpeechActivity:
    """Tell speech from pauses, in clean sound and in steady noise.

    The floor is a low percentile of the level in the seconds around, so it follows noise that
    swells. The thresholds are shares of the way from it to loud speech, since in clean sound a
    breath is far above the floor, and in noise speech hardly is. Whatever touches what is loud
    enough to be speech is speech too, down to the lower threshold, forwards and backwards.

    Args:
        wave: (S,) float at 16 kHz.

    Returns:
        T = ceil(S / 160) frames; frame t is about the 25 ms around sample 160 t + 80.
    """
    level = _smooth(_band_level(wave))
    floor, peak = _track(level, _FLOOR_SHARE), _track(level, _PEAK_SHARE)
    floor = np.maximum(floor, peak - _MAX_RANGE_DB)
    above, room = level - floor, peak - floor
    upper = np.maximum(_LEAST_ON_DB, _ON_SHARE * room)
    lower = np.maximum(_LEAST_OFF_DB, _OFF_SHARE * room)
    is_speech = _touched(above > lower, above > upper)
    pauses = _runs(~is_speech)
    for start, end in pauses:
        if end - start < _MIN_PAUSE_SEC * RATE_HZ and start > 0 and end < len(level):
            is_speech[start:end] = True
    return SpeechActivity(above / lower, is_speech)


def _band_level(wave: np.ndarray) -> np.ndarray:
    """(S,) -> (T,) decibels of the energy between 200 and 4000 Hz."""
    num_frames = -(-len(wave) // _HOP)
    # Frame t is centred on sample 160 t + 80.
    before = (_WINDOW - _HOP) // 2
    shape = np.hanning(_WINDOW).astype(np.float32)
    first, last = (round(hz * _FFT / SAMPLE_RATE) for hz in _BAND_HZ)
    level = np.empty(num_frames)
    for start in range(0, num_frames, _CHUNK):
        end = min(num_frames, start + _CHUNK)
        left, right = start * _HOP - before, (end - 1) * _HOP - before + _WINDOW
        piece = np.pad(
            wave[max(0, left) : right], (max(0, -left), max(0, right - len(wave)))
        ).astype(np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(piece, _WINDOW)[::_HOP]
        spectrum = np.fft.rfft(frames * shape, _FFT)[:, first : last + 1]
        power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1) / _WINDOW
        level[start:end] = 10 * np.log10(power + _EPSILON)
    return level


def _smooth(level: np.ndarray) -> np.ndarray:
    """Moving average that leaves the ends where they are."""
    sums = np.concatenate([[0.0], np.cumsum(level)])
    places = np.arange(len(level))
    first = np.maximum(0, places - _SMOOTHED // 2)
    last = np.minimum(len(level), places + _SMOOTHED // 2 + 1)
    return (sums[last] - sums[first]) / (last - first)


def _track(level: np.ndarray, share: float) -> np.ndarray:
    """(T,) percentile of the frames around each, exact every half second, straight between."""
    if not len(level):
        return level
    half, step = round(_TRACK_SEC * RATE_HZ / 2), round(_STEP_SEC * RATE_HZ)
    places = np.arange(0, len(level) + step, step)
    values = [np.percentile(level[max(0, p - half) : p + half], share) for p in places]
    return np.interp(np.arange(len(level)), places, values)


def _touched(mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """The runs of `mask` that hold at least one of `seeds`."""
    kept = np.zeros_like(mask)
    for start, end in _runs(mask):
        kept[start:end] = seeds[start:end].any()
    return kept


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
