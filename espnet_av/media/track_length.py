"""How long a track is: as its file states it, or by its packets where it does not or guesses."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer

from espnet_av.media.clock_breaks import JUMP_SEC, Break, clock_breaks
from espnet_av.media.container import open_container, open_media, packets
from espnet_av.media.film_size import mp3_tells_length, ogg_is_chained
from espnet_av.media.origin import origin_sec
from espnet_av.media.tracks import TrackKind, find_track

_MICROSECOND = 1_000_000
_EXACT = frozenset(
    "mov matroska avi asf ogg flac wav w64 aiff caf au nistsphere".split()  # noqa: SIM905
)
"""Containers that know their length. FFmpeg guesses that of MPEG streams from the stamps that it
finds near their end, and that of raw streams from their first bit rate: both can be far off."""

_LATE_START_SEC = 0.5
_WRAPPED = 1 << 31
"""Ticks of a 32-bit number that is negative."""


class Span(NamedTuple):
    """Where a track begins and ends, in seconds from second 0 of its file."""

    begin: float
    end: float


class _Stamp(NamedTuple):
    """Time of a packet in seconds; its beginning is None where the file does not tell."""

    begin: float | None
    length: float
    is_shown: bool


def track_seconds(path: str | Path, kind: TrackKind) -> float:
    """Length of a track; from the header where that is exact, else from all packets, undecoded.

    Raises:
        MediaError: as `open_media`.
    """
    with open_media(path, kind) as (container, stream):
        return all_seconds(container, [stream])[0]


def track_span(path: str | Path, kind: TrackKind) -> Span | None:
    """Where a track begins and ends, from its packets; None: the file has no such track.

    Raises:
        MediaError: missing, empty or unreadable file.
    """
    with open_container(path) as container:
        stream = find_track(container, kind)
        return None if stream is None else _measure(container, [stream])[0]


def all_seconds(container: InputContainer, streams: Sequence[Any]) -> list[float]:
    """Lengths of tracks of a file that has just been opened; 0 for one without any packet."""
    stated = [_stated_seconds(container, stream) for stream in streams]
    unknown = [k for k, seconds in enumerate(stated) if seconds is None]
    spans = _measure(container, [streams[k] for k in unknown]) if unknown else []
    measured = {k: span.end if span else 0.0 for k, span in zip(unknown, spans, strict=True)}
    return [measured[k] if seconds is None else seconds for k, seconds in enumerate(stated)]


def _stated_seconds(container: InputContainer, stream: Any) -> float | None:
    """Length by the header; None: unknown, or a guess."""
    if not _is_exact(container, stream):
        return None
    if stream.duration and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if abs(container.start_time or 0) > _LATE_START_SEC * _MICROSECOND:
        # Some writers count from the first packet, others from zero, an hour earlier.
        return None
    # Matroska states one duration for the whole file.
    return container.duration / _MICROSECOND if container.duration else None


def _is_exact(container: InputContainer, stream: Any) -> bool:
    form = container.format.name.split(",")[0]
    path = Path(container.name)
    if form in ("mp3", "ogg"):
        with path.open("rb") as file:
            if form == "mp3":
                return mp3_tells_length(file)
            return not ogg_is_chained(file, path.stat().st_size)
    # An avi that was written to a pipe, or whose recorder died, has no index and any length.
    return form in _EXACT and (form != "avi" or len(stream.index_entries) > 1)


def _measure(container: InputContainer, streams: Sequence[Any]) -> list[Span | None]:
    """Spans by the time stamps of all packets; None for a track without any."""
    found: dict[int, list[_Stamp]] = {stream.index: [] for stream in streams}
    for packet in packets(container, *streams):
        if packet.size:
            found[packet.stream_index].append(_stamp(packet))
    has_jump = any(map(_has_jump, found.values()))
    breaks = clock_breaks(container.name) if has_jump else {}
    return [
        _span(
            stream,
            found[stream.index],
            breaks.get(stream.index, []),
            origin_sec(container, stream.type),
        )
        for stream in streams
    ]


def _stamp(packet: av.Packet) -> _Stamp:
    stamp = packet.dts if packet.pts is None else packet.pts
    # FFmpeg lets the length of the last packet of a short ogg go below zero.
    length = packet.duration if packet.duration and packet.duration < _WRAPPED else 0
    return _Stamp(
        None if stamp is None else float(stamp * packet.time_base),
        float(length * packet.time_base),
        not packet.is_discard,
    )


def _has_jump(stamps: Sequence[_Stamp]) -> bool:
    begins = [stamp.begin for stamp in stamps if stamp.begin is not None]
    return any(abs(b - a) > JUMP_SEC for a, b in itertools.pairwise(begins))


def _span(
    stream: Any, stamps: Sequence[_Stamp], breaks: Sequence[Break], origin: float
) -> Span | None:
    """Earliest and latest time stamp, counted from `origin`."""
    rate = stream.average_rate if stream.type == "video" else None
    shifts = iter(breaks)
    upcoming, shift, end = next(shifts, None), 0.0, 0.0
    begins, ends = [], []
    for number, stamp in enumerate(stamps):
        if upcoming is not None and number >= upcoming.packet:
            shift, upcoming = upcoming.shift_sec, next(shifts, None)
        # Raw streams have no stamps: then one packet follows another.
        begin = end if stamp.begin is None else stamp.begin + shift
        end = begin + (stamp.length or (float(1 / rate) if rate else 0.0))
        if stamp.is_shown:
            begins.append(begin)
            ends.append(end)
    if not begins:
        return None
    return Span(max(0.0, min(begins) - origin), max(0.0, max(ends) - origin))
