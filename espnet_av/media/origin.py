"""Second 0 of a file: where its first picture is, a whole number of frames after it at most."""

from __future__ import annotations

import math
from itertools import islice, pairwise
from typing import Any

from av.container import InputContainer

from espnet_av.media.tracks import TrackKind, find_track
from espnet_av.rates import FRAME_HZ

_MICROSECOND = 1_000_000
_CODEC_LEAD_SEC = 0.15
"""Sound so much before the first picture is what coders and muxers put there, not a recording:
AAC takes 64 to 132 ms to begin at 16 kHz, and B-frames without an edit list move the picture."""
_LOSSLESS = ("pcm_", "flac", "alac", "wavpack", "ape", "tta", "shorten")
"""How the names of codecs without such a lead begin."""
_AVI_DELAYS = {"aac": 1024, "mp3": 1105, "mp2": 481, "ac3": 256, "eac3": 256}
"""Samples that the usual encoders (FFmpeg's own, LAME) put before the sound. An avi has no time
stamps and cannot say so."""
_AVI_HEAD = 5
"""Pictures that tell whether the first one stands alone."""
_AVI_PAUSE = 12
"""More empty frames behind the first picture than this are no film that stands still."""
_ROUNDING_SEC = 2e-3
"""Stamps in milliseconds make a second of 999 ms."""


def origin_sec(container: InputContainer, kind: TrackKind) -> float:
    """Time stamp of a track, in seconds, that is second 0 of its file.

    Frames at 25 Hz then fall on the pictures of a film of 25 frames/s, whatever its container does
    with the beginning of the sound. A film whose sound begins earlier by more than an encoder's
    delay keeps that time, in whole frames.

    Args:
        container: the open file.
        kind: the track of which the time stamp is wanted.
    """
    picture, sound = find_track(container, "video"), find_track(container, "audio")
    if container.format.name == "avi" and picture is not None:
        return _origin_of_avi(container, kind)
    begin = _start_sec(picture)
    if begin is None:
        return (container.start_time or 0) / _MICROSECOND
    sound_begin = _start_sec(sound)
    if sound_begin is None:
        return begin
    return begin - _frames_before(begin - sound_begin, sound) / FRAME_HZ


def _frames_before(lead_sec: float, sound: Any) -> int:
    """Whole frames between the beginning of the sound and the first picture."""
    least = 0.0 if _codec(sound).startswith(_LOSSLESS) else _CODEC_LEAD_SEC
    return math.floor((lead_sec + _ROUNDING_SEC) * FRAME_HZ) if lead_sec > least else 0


def avi_begin(container: InputContainer) -> int:
    """Number of the frame at which the film of an avi begins.

    Where the sound needs a delay of the encoder first, muxers write empty frames; FFmpeg's writes
    them behind the first picture.
    """
    picture = find_track(container, "video")
    stored = [entry.timestamp for entry in islice(picture.index_entries, _AVI_HEAD) if entry.size]
    if len(stored) < _AVI_HEAD:
        return stored[0] if stored else 0
    late = stored[1] - 1
    steps = {after - before for before, after in pairwise(stored[1:])}
    delay = _avi_delay_sec(find_track(container, "audio")) / picture.time_base
    is_late = steps == {1} and (late == round(delay) or late > _AVI_PAUSE)
    return late if is_late else stored[0]


def _origin_of_avi(container: InputContainer, kind: TrackKind) -> float:
    """As `origin_sec`, for a container that counts frames instead of giving them time stamps."""
    picture, sound = find_track(container, "video"), find_track(container, "audio")
    begin = float(avi_begin(container) * picture.time_base)
    delay = _avi_delay_sec(sound)
    if begin == 0 or abs(begin - delay) < picture.time_base:
        # Both began together, as far as counted frames can tell.
        return begin if kind == "video" else delay
    return begin - _frames_before(begin - delay, sound) / FRAME_HZ


def _avi_delay_sec(sound: Any) -> float:
    delays = (delay for name, delay in _AVI_DELAYS.items() if _codec(sound).startswith(name))
    return next(delays, 0) / (sound.rate or 1) if sound is not None else 0.0


def _codec(track: Any) -> str:
    """FFmpeg's name of a track's decoder; empty: it has none."""
    context = getattr(track, "codec_context", None)
    return "" if context is None else context.name


def _start_sec(track: Any) -> float | None:
    if track is None or track.start_time is None or track.time_base is None:
        return None
    return float(track.start_time * track.time_base)
