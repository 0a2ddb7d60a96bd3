"""Where a file has a picture, and the windows of those parts where it has none."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.media.speech_activity import RATE_HZ, find_speech
from espnet_av.media.track_length import track_span
from espnet_av.rates import FRAME_HZ, SAMPLES_PER_FRAME
from espnet_av.speech2text.windows import Window, plan_windows

MAX_MISMATCH_SEC = 0.5
"""Codecs fill their last block, and recorders start their tracks one after the other: so much sound
without a picture is part of the film."""

_SHARED_FRAMES = 25


class PictureSpan(NamedTuple):
    """The frames at 25 Hz that a film has a picture for."""

    first: int
    end: int
    """Behind the last one."""


def find_picture(path: str | Path) -> PictureSpan | None:
    """Where the picture of a file begins and ends; None: it has none, or a cover picture alone.

    Raises:
        MediaError: missing or unreadable file.
    """
    span = track_span(path, "video")
    if span is None:
        return None
    first = round(span.begin * FRAME_HZ) if span.begin > MAX_MISMATCH_SEC else 0
    return PictureSpan(first, max(round(span.end * FRAME_HZ), first + 1))


def plan_file(
    picture: PictureSpan | None, max_frames: int, speech: np.ndarray | None
) -> list[Window]:
    """Cut a file into windows, none of them partly with and partly without a picture.

    Where the picture begins or ends while somebody speaks, the window of sound alone hears up to a
    second of what the other one has, so that no word is cut in two.

    Args:
        picture: where there is one; None: nowhere.
        max_frames: longest window.
        speech: (S,) float at 16 kHz; None: the sound does not count.

    Returns:
        windows on frame borders, to the end of the longer track; see `plan_windows`.
    """
    num_heard = 0 if speech is None else len(speech) // SAMPLES_PER_FRAME
    if picture is None:
        return _with_picture(plan_windows(num_heard, max_frames, speech), 0, None, False)
    is_longer = num_heard - picture.end > MAX_MISMATCH_SEC * FRAME_HZ
    total = num_heard if is_longer else picture.end
    first = 0 if speech is None else picture.first
    shared = min(_SHARED_FRAMES, picture.end - first) if first or is_longer else 0
    parts = [(first, picture.end, True)]
    if first:
        parts.insert(0, (0, first + shared * _is_in_speech(speech, first), False))
    if is_longer:
        parts.append((picture.end - shared * _is_in_speech(speech, picture.end), total, False))
    windows: list[Window] = []
    for start, end, has_picture in parts:
        part = None if speech is None else speech[start * SAMPLES_PER_FRAME :]
        found = plan_windows(end - start, max_frames, part)
        windows += _with_picture(found, start, None if end == total else end, has_picture)
    return windows


def _is_in_speech(speech: np.ndarray | None, frame: int) -> bool:
    if speech is None:
        return False
    activity = find_speech(speech).is_speech
    return bool(activity[frame * (RATE_HZ // FRAME_HZ) :][:1].any())


def _with_picture(
    windows: list[Window], start: int, stop: int | None, has_picture: bool
) -> list[Window]:
    """Windows of a part of a file that begins at frame `start`, as windows of the file."""
    # Windows of speech without a pause overlap.
    starts = [start + round(window.start * FRAME_HZ) for window in windows]
    ends = [stop if w.end is None else start + round(w.end * FRAME_HZ) for w in windows]
    return [
        Window(begin / FRAME_HZ, None if end is None else end / FRAME_HZ, has_picture)
        for begin, end in zip(starts, ends, strict=True)
    ]
