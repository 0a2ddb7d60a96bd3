"""Reading the sound of any media file as a mono wave at the wanted rate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from espnet_av.errors import MediaError
from espnet_av.media.container import decode, open_media, origin_sec, seek
from espnet_av.media.mono import mix_down
from espnet_av.media.sample_scale import ANY_SCALE, to_full_scale

_PREROLL_SEC = 0.25
"""Decoders and the resampler need a little sound before the first sample that counts."""
_SEEK_FROM_SEC = 2.0
_SHORTAGE_SEC = 0.1
_EXACT_DURATION = ("flac",)
"""Containers that state the duration and have no index; others estimate it from the bit rate."""


def read_audio(
    path: str | Path, fs: int = 16000, start: float = 0.0, end: float | None = None
) -> np.ndarray:
    """Read the sound of a file as one channel, at a scale that players would understand.

    Args:
        path: any container or codec that FFmpeg reads.
        fs: wanted rate in Hz; other rates are resampled by libswresample.
        start: first second to read, counted from the beginning of the file's earliest track.
        end: second to stop at; None reads to the end.

    Returns:
        wave: (S,) float32 in [-1, 1]; sample 0 is at `start`. When the sound begins after the
            picture does, the gap is silence, so that both stay in step.

    Raises:
        MediaError: missing, empty, damaged or truncated file, no audio track, nothing between
            `start` and `end`.
    """
    first, wave = _decode_span(path, fs, start, end)
    begin = round(start * fs) - round(first * fs)
    if begin < 0:
        wave, begin = np.concatenate([np.zeros(-begin, np.float32), wave]), 0
    stop = len(wave) if end is None else begin + round(end * fs) - round(start * fs)
    wave = wave[begin:stop]
    if not len(wave):
        msg = f"{path}: no sound between {start} s and {end or 'the end'}; check `segments`"
        raise MediaError(msg)
    return np.clip(wave, -1.0, 1.0)


def audio_seconds(path: str | Path) -> float:
    """Duration of the sound in seconds as the container states it, else by decoding.

    Raises:
        MediaError: missing, empty or unreadable file, no audio track.
    """
    with open_media(path, "audio") as (container, stream):
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return sum(frame.samples / frame.sample_rate for frame in decode(container, stream))


def _decode_span(
    path: str | Path, fs: int, start: float, end: float | None
) -> tuple[float, np.ndarray]:
    """Second at which the decoded sound begins (at or before `start`), and the sound."""
    with open_media(path, "audio") as (container, stream):
        if start >= _SEEK_FROM_SEC:
            seek(container, start - _PREROLL_SEC)
        origin, first, decoded_sec = origin_sec(container), None, 0.0
        chunks: list[np.ndarray] = []
        # One plane for all channels: PyAV reads past the end of eight planes, and crashes.
        resampler = av.AudioResampler(format="flt", rate=fs)
        for frame in _until(container, stream, None if end is None else end + _PREROLL_SEC):
            if first is None and frame.time is not None:
                first = frame.time - origin
            decoded_sec += frame.samples / frame.sample_rate
            chunks += _resample(resampler, frame, path)
        if decoded_sec:
            chunks += _resample(resampler, None, path)
        if end is None:
            _check_complete(container, stream, (first or 0.0) + decoded_sec)
        if not chunks:
            return first or 0.0, np.zeros(0, np.float32)
        channels = np.concatenate(chunks, axis=1)
        if stream.codec_context.name.startswith(ANY_SCALE):
            channels = to_full_scale(channels, path, is_whole=not start and end is None)
        places = tuple(channel.name for channel in resampler.layout.channels)
        return first or 0.0, mix_down(channels, places, path)


def _until(
    container: InputContainer, stream: av.AudioStream, end: float | None
) -> Iterator[av.AudioFrame]:
    """Decode frames up to the one that begins at or after `end` seconds."""
    origin = origin_sec(container)
    for frame in decode(container, stream):
        if end is not None and frame.time is not None and frame.time - origin >= end:
            return
        yield frame


def _resample(
    resampler: av.AudioResampler, frame: av.AudioFrame | None, path: str | Path
) -> list[np.ndarray]:
    """(C, S) float32 each."""
    try:
        return [
            out.to_ndarray().reshape(-1, out.layout.nb_channels).T
            for out in resampler.resample(frame)
        ]
    except ValueError as error:
        msg = f"{path}: the sound changes its format midway ({error}); convert the file first"
        raise MediaError(msg) from error


def _check_complete(container: InputContainer, stream: av.AudioStream, reached: float) -> None:
    """Compare the second reached with the duration in the header, where that is exact."""
    if container.format.name not in _EXACT_DURATION or not stream.duration or not stream.time_base:
        return
    declared = float(stream.duration * stream.time_base)
    if reached < declared - _SHORTAGE_SEC:
        msg = (
            f"{container.name}: only {reached:.2f} s of {declared:.2f} s of sound are "
            "readable; the file is truncated, fetch it again"
        )
        raise MediaError(msg)
