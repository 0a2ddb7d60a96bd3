"""Decoded sound laid out in time, with silence in its holes, and what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from espnet_av.media.fractional_delay import sample_at
from espnet_av.media.sound_places import SoundPiece

_BLOCK = 1 << 20
"""Samples whose places are computed at a time."""


class SoundGap(NamedTuple):
    """A place where the sound of a file did not fit its time stamps."""

    kind: Literal["hole", "overlap", "slow clock"]
    """Silence was put in; sound that is there twice was left out; sound was stretched."""
    begin_sec: float
    """Second of the file."""
    seconds: float
    """How long; for a clock, by how much the sound became longer (shorter: negative)."""
    end_sec: float
    """Second of the file up to which that is."""


class LaidOut(NamedTuple):
    """Sound as the file's time has it."""

    first: int
    """Sample of the file, counted from its second 0, at which `wave` begins."""
    wave: np.ndarray
    """(S,) float32."""
    gaps: tuple[SoundGap, ...]


def lay_out(wave: np.ndarray, pieces: Sequence[SoundPiece], fs: int) -> LaidOut:
    """Put pieces of a sound where they belong.

    Args:
        wave: (S,) float32, all decoded sound without a break.
        pieces: of it, in order.
        fs: samples a second.

    Returns:
        the sound in time; one even piece stays as it is.
    """
    first = _sample(pieces[0].file_sec[0], fs)
    if len(pieces) == 1 and pieces[0].is_even:
        return LaidOut(first, wave, ())
    parts, reached = [], first
    for number, piece in enumerate(pieces):
        is_last = number == len(pieces) - 1
        begin, part = _in_time(wave, piece, fs, is_last)
        if begin > reached:
            parts.append(np.zeros(begin - reached, np.float32))
        part = part[max(0, reached - begin) :]
        parts.append(part)
        reached = max(reached, begin) + len(part)
    return LaidOut(first, np.concatenate(parts), tuple(_gaps(pieces)))


def _in_time(wave: np.ndarray, piece: SoundPiece, fs: int, is_last: bool) -> tuple[int, np.ndarray]:
    """Sample of the file at which a piece begins, and the piece at the file's speed."""
    first, stop = _sample(piece.sound_sec[0], fs), _sample(piece.sound_sec[-1], fs)
    if piece.is_even:
        shift = _sample(piece.file_sec[0] - piece.sound_sec[0], fs)
        return first + shift, wave[first : None if is_last else stop]
    begin, end = _sample(piece.file_sec[0], fs), _sample(piece.file_sec[-1], fs)
    parts = [
        sample_at(
            wave,
            np.interp(
                np.arange(at, min(at + _BLOCK, end)) / fs, piece.file_sec, piece.sound_sec * fs
            ),
        )
        for at in range(begin, end, _BLOCK)
    ]
    return begin, np.concatenate([np.zeros(0, np.float32), *parts])


def _gaps(pieces: Sequence[SoundPiece]) -> list[SoundGap]:
    found: list[SoundGap] = []
    reached = float(pieces[0].file_sec[0])
    for piece in pieces:
        begin, end = float(piece.file_sec[0]), float(piece.file_sec[-1])
        step = begin - reached
        if step > 0:
            found.append(SoundGap("hole", reached, step, begin))
        elif step < 0:
            found.append(SoundGap("overlap", begin, -step, reached))
        if not piece.is_even:
            longer = end - begin - float(piece.sound_sec[-1] - piece.sound_sec[0])
            found.append(SoundGap("slow clock", begin, longer, end))
        reached = max(reached, end)
    return found


def _sample(seconds: float, fs: int) -> int:
    return round(float(seconds) * fs)
