"""Reading the sound of any media file as a mono wave at the wanted rate."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer

from espnet_av.errors import MediaError
from espnet_av.media.container import open_media, span_words
from espnet_av.media.mono import mix_down
from espnet_av.media.sample_scale import ANY_SCALE, to_full_scale
from espnet_av.media.sound_gaps import LaidOut, SoundGap, lay_out
from espnet_av.media.sound_places import place_sound
from espnet_av.media.timeline import frames_in_time
from espnet_av.rates import SAMPLE_RATE

_PREROLL_SEC = 0.25
"""Decoders and the resampler need a little sound before the first sample that counts."""
_MANY_CHANNELS = 8
_WITHOUT_STAMPS = ("avi",)
"""Containers that give the sound no time: what FFmpeg makes of their index can be far from it."""
_SHORTAGE_SEC = 0.1
_EXACT_DURATION = ("flac",)
"""Containers that state the duration and have no index; others estimate it from the bit rate."""


class Sound(NamedTuple):
    """Sound of a file."""

    wave: np.ndarray
    """(S,) float32 in [-1, 1]."""
    gaps: tuple[SoundGap, ...]
    """Where its time stamps asked for silence, for less sound or for another speed."""


def read_audio(
    path: str | Path, fs: int = SAMPLE_RATE, start: float = 0.0, end: float | None = None
) -> np.ndarray:
    """Read the sound of a file as one channel, at a scale that players would understand.

    Arguments and errors as in `read_sound`.

    Returns:
        wave: (S,) float32 in [-1, 1]; sample 0 is at `start`.
    """
    return read_sound(path, fs, start, end).wave


def read_sound(
    path: str | Path, fs: int = SAMPLE_RATE, start: float = 0.0, end: float | None = None
) -> Sound:
    """Read the sound of a file as `read_audio` does, and tell what its time stamps asked for.

    Where the stamps jump, nothing was recorded, and silence is put in; where they run away from
    the count of samples, the sound is stretched. So it stays in step with the picture to the end.

    Args:
        path: any container or codec that FFmpeg reads.
        fs: wanted rate in Hz; other rates are resampled by libswresample.
        start: first second to read; second 0 is that of the picture (`origin_sec`).
        end: second to stop at; None reads to the end.

    Returns:
        the sound from `start` on; when it begins after the picture does, the gap is silence.

    Raises:
        MediaError: missing, empty, damaged or truncated file, no audio track, nothing between
            `start` and `end`.
    """
    first, wave, gaps = _decode_span(path, fs, start, end)
    begin = round(start * fs) - first
    if begin < 0:
        wave, begin = np.concatenate([np.zeros(-begin, np.float32), wave]), 0
    stop = len(wave) if end is None else begin + round(end * fs) - round(start * fs)
    wave = wave[begin:stop]
    if not len(wave):
        msg = f"{path}: no sound {span_words(start, end)}"
        raise MediaError(msg)
    reached = start + len(wave) / fs
    inside = (gap for gap in gaps if gap.begin_sec < reached and gap.end_sec > start)
    return Sound(np.clip(wave, -1.0, 1.0), tuple(inside))


def _decode_span(path: str | Path, fs: int, start: float, end: float | None) -> LaidOut:
    """The sound that was decoded for a span, from `start` or before it on, in the file's time."""
    with open_media(path, "audio") as (container, stream):
        begins: list[float | None] = []
        lengths: list[float] = []
        chunks: list[np.ndarray] = []
        # Of eight planes and more PyAV reads past the end, and crashes: then one for all channels.
        few = 0 < stream.codec_context.layout.nb_channels < _MANY_CHANNELS
        resampler = av.AudioResampler(format="fltp" if few else "flt", rate=fs)
        stop = math.inf if end is None else end + _PREROLL_SEC
        for begin, frame in frames_in_time(container, stream, start, _PREROLL_SEC):
            if begin is not None and begin >= stop:
                break
            begins.append(begin)
            lengths.append(frame.samples / frame.sample_rate)
            chunks += _resample(resampler, frame, path)
        if lengths:
            chunks += _resample(resampler, None, path)
        if container.format.name in _WITHOUT_STAMPS:
            begins[1:] = [None] * (len(begins) - 1)
        pieces = place_sound(begins, lengths)
        if end is None:
            _check_complete(container, stream, float(pieces[-1].file_sec[-1]))
        wave = np.zeros(0, np.float32)
        if chunks:
            channels = np.concatenate(chunks, axis=1)
            if stream.codec_context.name.startswith(ANY_SCALE):
                channels = to_full_scale(channels, path, is_whole=not start and end is None)
            places = tuple(channel.name for channel in resampler.layout.channels)
            wave = mix_down(channels, places, path)
        return lay_out(wave, pieces, fs)


def _resample(
    resampler: av.AudioResampler, frame: av.AudioFrame | None, path: str | Path
) -> list[np.ndarray]:
    """(C, S) float32 each."""
    try:
        parts = resampler.resample(frame)
        if resampler.format.is_planar:
            return [out.to_ndarray() for out in parts]
        return [out.to_ndarray().reshape(-1, out.layout.nb_channels).T for out in parts]
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
