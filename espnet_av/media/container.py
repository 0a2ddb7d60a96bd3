"""Opening media files and decoding them on one thread, with errors that name the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from espnet_av.errors import MediaError, raise_machine_fault
from espnet_av.media.tracks import TrackKind, find_track, track_names
from espnet_av.media.truncation import is_cut_short

_MICROSECOND = 1_000_000
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBE")
"""What stands before or behind the sound of an MP3; in the middle of it where files were joined."""
_INDEXED = frozenset(("mov", "matroska", "avi", "wav", "flac"))


@contextmanager
def open_container(path: str | Path) -> Iterator[InputContainer]:
    """Open a file.

    Raises:
        MediaError: the file is missing, empty or unreadable.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"{path}: no such file; is the path right, and its disk there?"
        raise MediaError(msg)
    if path.stat().st_size == 0:
        msg = f"{path}: the file is empty (0 bytes), likely an interrupted copy; fetch it again"
        raise MediaError(msg)
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise_machine_fault(error, path)
        msg = (
            f"{path}: not readable as audio or video ({_reason(error)}); an mp4 cut short in a "
            "copy has lost its index (moov): fetch it again"
        )
        raise MediaError(msg) from error
    with container:
        yield container


@contextmanager
def open_media(path: str | Path, kind: TrackKind) -> Iterator[tuple[InputContainer, Any]]:
    """Open a file and yield its container and its best track (`av.AudioStream`, `av.VideoStream`).

    Raises:
        MediaError: as `open_container`, or the file has no such track.
    """
    with open_container(path) as container:
        stream = find_track(container, kind)
        if stream is None:
            found = track_names(container)
            msg = f"{path}: no {kind} track (found: {found}); is this the right file?"
            raise MediaError(msg)
        if stream.codec_context is None:
            msg = (
                f"{path}: FFmpeg has no decoder for its {kind} track; convert the file with the "
                "program that made it, to mp4 or wav"
            )
            raise MediaError(msg)
        # Threads cost far more than they give on clips of a few seconds.
        stream.codec_context.thread_count = 1
        stream.codec_context.thread_type = "NONE"
        yield container, stream


def seek(container: InputContainer, seconds: float) -> None:
    """Go to a key frame at or before a time stamp.

    Containers without an index stay where they are: what they give after a jump is damaged, so
    they are read from the beginning.
    """
    if can_seek(container):
        container.seek(int(seconds * _MICROSECOND), backward=True)


def can_seek(container: InputContainer) -> bool:
    """Whether a file can be read from its middle, to the same samples and pictures."""
    form = container.format.name.split(",")[0]
    if form == "wav":
        # A wav has no index. FFmpeg counts bytes, which lands inside the blocks of ADPCM.
        return all(track.codec_context.name.startswith("pcm_") for track in _decodable(container))
    return form in _INDEXED


def _decodable(container: InputContainer) -> Iterator[av.AudioStream]:
    return (track for track in container.streams.audio if track.codec_context is not None)


def packets(
    container: InputContainer, *streams: av.AudioStream | av.VideoStream
) -> Iterator[av.Packet]:
    """Packets of tracks, in the order of the file, and an empty one of each track at the end.

    PyAV knows the tracks that were there when the file was opened; one that shows up later (flv,
    MPEG streams) makes it fail behind the last packet.
    """
    found = container.demux(*streams)
    while True:
        try:
            packet = next(found)
        except (StopIteration, IndexError):
            return
        yield packet


def decode(
    container: InputContainer,
    stream: av.AudioStream | av.VideoStream,
    stamp: Callable[[av.Packet], None] | None = None,
) -> Iterator[Any]:
    """Decode a track to `av.AudioFrame` or `av.VideoFrame`; failures and a missing end are named.

    Args:
        container: the open file.
        stream: a track of it.
        stamp: called on each packet, to correct its time stamps.

    Raises:
        MediaError: the data are damaged or end early; the message tells how many frames came.
    """
    count = 0
    frames = _frames(container, stream, stamp)
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            break
        except av.FFmpegError as error:
            raise_machine_fault(error, container.name)
            raise MediaError(_damaged(container, stream, count, _reason(error))) from error
        count += 1
        yield frame
    if is_cut_short(container, stream, count):
        raise MediaError(_damaged(container, stream, count, "the file ends early"))


def _frames(
    container: InputContainer,
    stream: av.AudioStream | av.VideoStream,
    stamp: Callable[[av.Packet], None] | None,
) -> Iterator[Any]:
    is_mp3 = container.format.name == "mp3"
    for packet in packets(container, stream):
        if is_mp3 and bytes(packet)[:8].startswith(_TAGS):
            continue
        if stamp is not None and packet.size:
            stamp(packet)
        yield from packet.decode()


def span_words(start: float, end: float | None) -> str:
    """Where there is nothing, for a message: in a whole file, or in a line of `segments`."""
    if not start and end is None:
        return "in it, though it has a track for it; fetch or make the file again"
    return f"between {start} s and {end or 'the end'}; check `segments`"


def _damaged(
    container: InputContainer, stream: av.AudioStream | av.VideoStream, count: int, reason: str
) -> str:
    declared = f" of {stream.frames}" if stream.frames else ""
    return (
        f"{container.name}: the {stream.type} track is damaged ({reason}): {count}{declared} "
        "frames readable; the file is truncated or corrupt, fetch it again"
    )


def _reason(error: Exception) -> str:
    """Text of an FFmpeg error without its number and file name."""
    return str(getattr(error, "strerror", None) or error)
