"""Decoded frames with the time at which they are shown or heard, counted from a file's second 0."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

import av
from av.container import InputContainer

from espnet_av.media.clock_breaks import JUMP_SEC, Break, clock_breaks
from espnet_av.media.container import decode, open_media, seek
from espnet_av.media.origin import avi_begin, origin_sec

MOST_REORDERED = 17
"""Pictures between the place of one in the order of decoding, and in that of the film."""
_SEEK_FROM_SEC = 2.0
_NO_STAMP = -(2**62)
"""Put where a packet has no time stamp; FFmpeg's own mark would become the number of the frame."""
_LEAST_STAMP = -(2**61)

Timed = tuple[float | None, Any]
"""Second at which a frame begins, None where its file does not tell, and the frame."""


def frames_in_time(
    container: InputContainer,
    stream: av.AudioStream | av.VideoStream,
    start: float = 0.0,
    before_sec: float = 0.0,
) -> Iterator[Timed]:
    """Decode a track from a place before a second of the file, or from its beginning.

    Time stamps of pictures that were stored in the order of decoding are put in order. Where the
    clock is set anew (clips joined byte by byte, a transport stream cut together) the film goes on,
    and so does its time.

    Args:
        container: the open file.
        stream: a track of it.
        start: second from which frames are wanted; there may be earlier ones.
        before_sec: how long before, at least.

    Yields:
        (seconds, frame): `seconds` can still be equal, or go back by less than a second.

    Raises:
        MediaError: as `container.decode`.
    """
    origin = origin_sec(container, stream.type)
    if start >= _SEEK_FROM_SEC:
        seek(container, start - before_sec + origin)
    stamped = _stamped(container, stream, _correction(container, stream, ()))
    depth = getattr(stream.codec_context, "reorder_depth", 0)
    if depth and _is_counted(container, stream):
        depth = MOST_REORDERED
    for seconds, frame in _ordered(_continued(container, stream, stamped), depth):
        yield (None if seconds is None else seconds - origin), frame


def _stamped(
    container: InputContainer,
    stream: av.AudioStream | av.VideoStream,
    correct: Callable[[av.Packet], None],
) -> Iterator[Timed]:
    """Frames with their own time stamps in seconds."""
    for frame in decode(container, stream, correct):
        known = frame.pts is not None and frame.pts > _LEAST_STAMP
        yield (frame.time if known else None), frame


def _correction(
    container: InputContainer,
    stream: av.AudioStream | av.VideoStream,
    breaks: Sequence[Break],
) -> Callable[[av.Packet], None]:
    """What is done to each packet's time stamp before it is decoded."""
    is_counted = _is_counted(container, stream)
    first = avi_begin(container) if is_counted else 0
    begins = [item.packet for item in breaks]
    count = 0

    def correct(packet: av.Packet) -> None:
        nonlocal count
        if is_counted:
            # An avi has the number of the packet alone; what FFmpeg adds to it is a guess.
            packet.pts = packet.dts or first
        if packet.pts is None:
            packet.pts = _NO_STAMP
        elif breaks:
            shift = breaks[bisect_right(begins, count) - 1].shift_sec
            packet.pts += round(shift / packet.time_base)
        count += 1

    return correct


def _is_counted(container: InputContainer, stream: av.AudioStream | av.VideoStream) -> bool:
    return container.format.name == "avi" and stream.type == "video"


def _continued(
    container: InputContainer, stream: av.AudioStream | av.VideoStream, frames: Iterator[Timed]
) -> Iterator[Timed]:
    """The frames without jumps of the clock; the file is looked through only if there is one."""
    latest: float | None = None
    last: float | None = None
    breaks: list[Break] | None = None
    for seconds, frame in frames:
        if seconds is not None and latest is not None and abs(seconds - latest) > JUMP_SEC:
            if breaks is None:
                breaks = clock_breaks(container.name).get(stream.index, [])
            if breaks:
                yield from _read_again(container, stream, breaks, last)
                return
            if seconds < latest:
                seconds = None
        yield seconds, frame
        if seconds is not None:
            last, latest = seconds, seconds if latest is None else max(latest, seconds)


def _read_again(
    container: InputContainer,
    stream: av.AudioStream | av.VideoStream,
    breaks: Sequence[Break],
    last: float | None,
) -> Iterator[Timed]:
    """Frames after the one with the time stamp `last`, with a clock that goes on."""
    with open_media(container.name, stream.type) as (again, same):
        frames = _stamped(again, same, _correction(again, same, breaks))
        for seconds, _ in frames:
            if seconds == last:
                break
        yield from frames


def _ordered(frames: Iterator[Timed], depth: int) -> Iterator[Timed]:
    """Give the frames, which come in the order of the film, their time stamps in order.

    Args:
        frames: a film.
        depth: pictures by which coding may change the order; 0 leaves the frames as they are.
    """
    if not depth:
        yield from frames
        return
    waiting: deque[Timed] = deque()
    stamps: list[float] = []
    latest = -math.inf
    for seconds, frame in frames:
        waiting.append((seconds, frame))
        if seconds is not None:
            heappush(stamps, seconds)
            if seconds < latest:
                depth = MOST_REORDERED
        if len(waiting) > depth:
            earliest = _earliest(waiting, stamps)
            latest = latest if earliest[0] is None else earliest[0]
            yield earliest
    while waiting:
        yield _earliest(waiting, stamps)


def _earliest(waiting: deque[Timed], stamps: list[float]) -> Timed:
    seconds, frame = waiting.popleft()
    return (None if seconds is None else heappop(stamps)), frame
