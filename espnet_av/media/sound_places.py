"""Where the time stamps of decoded sound put it: holes, overlaps, and a clock that runs slow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

ROUNDED_SEC = 1.5e-3
"""Stamps within this of the count of samples are that count, rounded by a container."""
CLEAN_SEC = 5e-3
"""Within this, they are not exact, and nobody hears or sees it."""
_LEAST_STEP_SEC = 0.01
"""Less is no lost packet."""
_JITTERS = 4.0
"""A step is so many times larger than nearly all wrong stamps of a live recording."""
_NEARLY_ALL = 0.9
_NEIGHBOURS = 5
"""Frames on each side by whose median a step must show; a single wrong stamp does not."""
_FEW_FRAMES = 3
"""Fewer frames before the first step have wrong stamps, as in mp4 fragments without edit lists; and
fewer after the last one tell too little."""
_BLOCK_SEC = 2.0
"""A slow clock is followed from block to block, by the median of the stamps in each."""
_LEAST_SEC = 1.5
"""In less, a slow clock does not show."""
_BLOCK_FRAMES = 10


class SoundPiece(NamedTuple):
    """Sound without a hole, by knots between which its time is linear."""

    sound_sec: np.ndarray
    """(K,) seconds of decoded sound before each knot, rising; both ends are knots."""
    file_sec: np.ndarray
    """(K,) second of the file at which each is heard, rising."""

    @property
    def is_even(self) -> bool:
        """Whether its clock runs at the right speed."""
        return len(self.sound_sec) == 2


def place_sound(begins: Sequence[float | None], lengths: Sequence[float]) -> list[SoundPiece]:
    """Place decoded frames by their time stamps.

    Args:
        begins: time stamp of each frame in seconds; None: it has none.
        lengths: seconds of sound in each.

    Returns:
        pieces in the order of the sound, at least one. There is one, that begins at the first
        stamp and runs evenly, where stamps and samples agree.
    """
    ends = np.cumsum(np.asarray(lengths, np.float64))
    total = float(ends[-1]) if len(ends) else 0.0
    known = [number for number, begin in enumerate(begins) if begin is not None]
    if not known:
        return [_even(0.0, total, 0.0)]
    sound_sec = (ends - np.asarray(lengths))[known]
    shifts = np.array([begins[number] for number in known], np.float64) - sound_sec
    error = np.abs(shifts - shifts[0]).max()
    if error <= CLEAN_SEC:
        return [_even(0.0, total, float(shifts[0] if error <= ROUNDED_SEC else np.median(shifts)))]
    borders = [0, *_steps(shifts), len(shifts)]
    if len(borders) > 2 and borders[1] < _FEW_FRAMES:
        del borders[1]
        shifts[:_FEW_FRAMES] = shifts[_FEW_FRAMES]
    edges = [0.0, *(float(sound_sec[border]) for border in borders[1:-1]), total]
    return [
        _piece(edges[number], edges[number + 1], sound_sec[first:stop], shifts[first:stop])
        for number, (first, stop) in enumerate(pairwise(borders))
    ]


def _steps(shifts: np.ndarray) -> Iterator[int]:
    """Numbers of the frames before which sound is missing, or is there twice."""
    jumps = np.diff(shifts)
    least = max(_LEAST_STEP_SEC, _JITTERS * _jitter(shifts))
    for number in np.flatnonzero(np.abs(jumps[: 1 - _FEW_FRAMES]) >= least) + 1:
        before = np.median(shifts[max(0, number - _NEIGHBOURS) : number])
        after = np.median(shifts[number : number + _NEIGHBOURS])
        if (after - before) * np.sign(jumps[number - 1]) >= least / 2:
            yield int(number)


def _jitter(shifts: np.ndarray) -> float:
    """How far stamps are from the median of those round them, which keeps steps as they are."""
    around = np.pad(shifts, _NEIGHBOURS, mode="edge")
    medians = np.median(sliding_window_view(around, 2 * _NEIGHBOURS + 1), axis=1)
    return float(np.quantile(np.abs(shifts - medians), _NEARLY_ALL))


def _piece(begin: float, end: float, sound_sec: np.ndarray, shifts: np.ndarray) -> SoundPiece:
    """The frames between two steps: even if their stamps allow it."""
    least = 2 if end - begin > _LEAST_SEC else 1
    num_blocks = max(round((end - begin) / _BLOCK_SEC), least)
    num_blocks = min(num_blocks, len(shifts) // _BLOCK_FRAMES)
    middle = float(np.median(shifts))
    # The first stamp places what agrees with it, as it does in a file without any trouble.
    even = float(shifts[0]) if not begin and abs(shifts[0] - middle) <= ROUNDED_SEC else middle
    if num_blocks < 2:
        return _even(begin, end, even)
    blocks = np.array_split(np.arange(len(shifts)), num_blocks)
    medians = np.array([np.median(shifts[block]) for block in blocks])
    centres = np.array([np.mean(sound_sec[block]) for block in blocks])
    slopes = np.diff(medians) / np.diff(centres)
    knots = np.array([begin, *centres, end])
    found = np.array(
        [
            medians[0] - slopes[0] * (centres[0] - begin),
            *medians,
            medians[-1] + slopes[-1] * (end - centres[-1]),
        ]
    )
    if np.abs(found - even).max() <= CLEAN_SEC:
        return _even(begin, end, even)
    return SoundPiece(knots, knots + found)


def _even(begin: float, end: float, shift: float) -> SoundPiece:
    knots = np.array([begin, end])
    return SoundPiece(knots, knots + shift)
