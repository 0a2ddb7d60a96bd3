"""Which picture of a film is shown when, and which of them a constant rate takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import av
from av.container import InputContainer

from espnet_av.media.timeline import MOST_REORDERED, frames_in_time

_SAME_SEC = 1e-3
"""Time stamps are rounded (Matroska: 1 ms); frames no further apart than this have the same."""
_TIE_SEC = 1e-4
"""Of two frames as near as this take the first."""
_FROZEN_FRAMES = 3
"""A film that shows no new picture for longer than so many output frames stands still."""


class Picture(NamedTuple):
    """A decoded frame and the seconds of the file between which it is shown."""

    begin: float
    end: float
    frame: av.VideoFrame


class _Untimed(NamedTuple):
    frame: av.VideoFrame
    length: float


def timed_pictures(
    container: InputContainer, stream: av.VideoStream, start: float, before_sec: float
) -> Iterator[Picture]:
    """Decode pictures with their times; arguments as for `frames_in_time`.

    None begins before the one it follows. Pictures with the same time stamp, as at the seam of
    joined clips, share the time until the next stamp.
    """
    period, tick = float(1 / (stream.average_rate or 25)), float(stream.time_base or 0)
    run: list[_Untimed] = []
    run_begin = run_end = 0.0
    for seconds, frame in frames_in_time(container, stream, start, before_sec):
        begin = run_end if seconds is None else seconds
        if run:
            is_full = len(run) == MOST_REORDERED
            begin = max(begin, run_end if is_full else run_begin)
            if is_full or begin > run_begin + _SAME_SEC:
                yield from _shared(run, run_begin, begin)
                run = []
        if not run:
            run_begin = run_end = begin
        length = frame.duration * tick or period
        run.append(_Untimed(frame, length))
        run_end += length
    yield from _shared(run, run_begin, math.inf)


def at_constant_rate(
    pictures: Iterator[Picture], fps: float, first: int, stop: int | None
) -> Iterator[av.VideoFrame]:
    """Yield the frame shown at each of the output times first / fps, ..., (stop - 1) / fps.

    That is the nearest one; but where the film stands still, the last one stays until the next is
    due, as players have it. The last frame stays for its length.
    """
    index, picture = first, next(pictures, None)
    if picture is None:
        return
    for following in pictures:
        while _is_shown(index / fps, picture.begin, following.begin, 1 / fps):
            if stop is not None and index >= stop:
                return
            yield picture.frame
            index += 1
        picture = following
    total = max(round(picture.end * fps), 1)
    for _ in range(index, total if stop is None else min(stop, total)):
        yield picture.frame


def _shared(run: Sequence[_Untimed], begin: float, next_begin: float) -> Iterator[Picture]:
    """Pictures of one time stamp, one after the other, until the next one at most."""
    step = 0.0
    if len(run) > 1:
        step = min([(next_begin - begin) / len(run), *(length for _, length in run)])
    for number, (frame, length) in enumerate(run):
        yield Picture(begin + number * step, begin + number * step + length, frame)


def _is_shown(time: float, begin: float, next_begin: float, period: float) -> bool:
    """Whether the frame that begins at `begin` is shown at `time`, and not the next one."""
    if time >= next_begin:
        return False
    if next_begin - begin > _FROZEN_FRAMES * period + _SAME_SEC:
        return next_begin - time > period / 2 + _TIE_SEC
    return abs(begin - time) <= abs(next_begin - time) + _TIE_SEC
