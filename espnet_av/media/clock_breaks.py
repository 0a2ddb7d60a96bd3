"""Where the clock of a file is set anew, as in clips that were joined byte by byte."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import av

from espnet_av.media.container import packets
from espnet_av.media.tracks import find_track

JUMP_SEC = 1.0
"""Time stamps that go back, or forward, by more than this may be of another clock; less is the
order of pictures in a film, or an overlap."""
_CUT_SEC = 10.0
"""A transport stream all of whose tracks jump further ahead was cut together."""
_PAUSE_SEC = 3600.0
"""In other containers a recorder paused; but not for so long."""
_ONE_CLOCK = ("mpegts", "mpeg")
"""Containers that carry on with whatever clock the transmitter had."""
_GLITCH_PACKETS = 16
"""So few packets of another time, after which the first time goes on, have wrong stamps."""
_SAME_JUMP_SEC = 2.0
"""Sound and picture are cut at the same place if their jumps differ by less."""


class Break(NamedTuple):
    """The stamps of a track's packets from number `packet` on, to the next break, are shifted."""

    packet: int
    shift_sec: float


class _Stamp(NamedTuple):
    """Time of a packet."""

    packet: int
    """Its number in the track."""
    place: int
    """Its number among the packets of both tracks."""
    begin: float
    end: float
    """Seconds between which it is shown or heard; of a run, all of its packets."""
    first: float
    last: float
    """When it is decoded; of a run, its first packet and its last. Packets are in the order of
    that, even where pictures round a pause are not in the order of the film."""


def clock_breaks(path: str | Path) -> dict[int, list[Break]]:
    """Go through the packets of a file, and tell where the stamps of its tracks need a shift.

    The picture decides: it goes on without a gap, and the sound keeps its place relative to it.
    Nothing is decoded; and a file of which many segments are read is gone through once.

    Returns:
        number of a track -> its breaks; tracks without any are left out.
    """
    status = Path(path).stat()
    return _find(str(path), (status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=64)
def _find(path: str, state: tuple[int, int]) -> dict[int, list[Break]]:
    """As `clock_breaks`, of a file in a certain state."""
    with av.open(path) as container:
        tracks = [find_track(container, "video"), find_track(container, "audio")]
        tracks = [track for track in tracks if track is not None]
        epochs: list[list[_Stamp]] = [[] for _ in tracks]
        numbers = {track.index: number for number, track in enumerate(tracks)}
        counts, lengths = [0] * len(tracks), [math.inf] * len(tracks)
        for place, packet in enumerate(packets(container, *tracks)):
            number = numbers[packet.stream_index]
            shown = packet.dts if packet.pts is None else packet.pts
            if shown is not None:
                begin = float(shown * packet.time_base)
                decoded = float((shown if packet.dts is None else packet.dts) * packet.time_base)
                # One decoded before a pause may last to its end, wherever it is shown.
                length = float((packet.duration or 0) * packet.time_base) or math.inf
                lengths[number] = min(lengths[number], length)
                end = begin + (lengths[number] if lengths[number] < math.inf else 0.0)
                stamp = _Stamp(counts[number], place, begin, end, decoded, decoded)
                _extend(epochs[number], stamp)
            counts[number] += packet.size > 0
        cut_sec = _CUT_SEC if container.format.name in _ONE_CLOCK else _PAUSE_SEC
    breaks = _breaks(epochs, cut_sec)
    return {index: breaks[number] for index, number in numbers.items() if breaks[number]}


def _extend(epochs: list[_Stamp], stamp: _Stamp) -> None:
    """Add a packet to runs without a jump: the first packet of each, and where the run ends."""
    if not epochs or abs(stamp.first - epochs[-1].last) > JUMP_SEC:
        epochs.append(stamp)
        return
    run = epochs[-1]
    epochs[-1] = run._replace(
        begin=min(run.begin, stamp.begin),
        end=max(run.end, stamp.end),
        last=max(run.last, stamp.last),
    )


def _breaks(epochs: Sequence[list[_Stamp]], cut_sec: float) -> list[list[Break]]:
    """Breaks of each track; the first one is the picture's, if there are two."""
    first = epochs[0]
    other = epochs[1] if len(epochs) > 1 else None

    def is_cut(number: int) -> bool:
        jump = _jump(first, number)
        shared = other is None or _same_jump(first, number, other) is not None
        return jump > _PAUSE_SEC or (jump > cut_sec and shared)

    shifts = [_shifts(first, is_cut, lambda number: None)]
    if other is not None:

        def of_picture(number: int) -> float | None:
            same = _same_jump(other, number, first)
            return None if same is None else shifts[0][same]

        shifts.append(_shifts(other, lambda number: _jump(other, number) > _PAUSE_SEC, of_picture))
    return [
        [Break(epoch.packet, shift) for epoch, shift in zip(runs, found, strict=True)]
        if any(found)
        else []
        for runs, found in zip(epochs, shifts, strict=True)
    ]


def _shifts(
    epochs: Sequence[_Stamp],
    is_cut: Callable[[int], bool],
    given: Callable[[int], float | None],
) -> list[float]:
    """Seconds to add to the stamps of each epoch.

    Args:
        epochs: of a track.
        is_cut: number of an epoch that begins too late -> whether the gap is to be closed.
        given: number of an epoch -> its shift, where another track tells.
    """
    shifts = [0.0] * len(epochs)
    for number in range(1, len(epochs)):
        epoch, before = epochs[number], epochs[number - 1]
        if _is_resumed(epochs, number):
            # What was between has wrong stamps: it goes on from what was before it.
            earlier = epochs[number - 2]
            shifts[number] = shifts[number - 2]
            shifts[number - 1] = earlier.end + shifts[number - 2] - before.begin
            continue
        shift = given(number)
        if shift is None:
            shift = shifts[number - 1]
            if epoch.first < before.last or is_cut(number):
                shift += before.end - epoch.begin
        shifts[number] = shift
    return shifts


def _is_resumed(epochs: Sequence[_Stamp], number: int) -> bool:
    if number < 2 or epochs[number].packet - epochs[number - 1].packet >= _GLITCH_PACKETS:
        return False
    return abs(epochs[number].first - epochs[number - 2].last) < JUMP_SEC


def _jump(epochs: Sequence[_Stamp], number: int) -> float:
    return epochs[number].first - epochs[number - 1].last if number else 0.0


def _same_jump(epochs: Sequence[_Stamp], number: int, others: Sequence[_Stamp]) -> int | None:
    """Number of the other track's epoch that begins by the same jump, nearest in the file."""
    jump = _jump(epochs, number)
    same = [
        candidate
        for candidate in range(1, len(others))
        if abs(_jump(others, candidate) - jump) < _SAME_JUMP_SEC
    ]
    place = epochs[number].place
    return min(same, key=lambda candidate: abs(others[candidate].place - place), default=None)
