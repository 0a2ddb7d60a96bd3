"""Where a file has a picture, and the windows of those parts where it has none."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.data.rates import FRAME_HZ, SAMPLES_PER_FRAME
from espnet_av.media.track_length import track_span
from espnet_av.speech2text.windows import Window, plan_windows

MAX_MISMATCH_SEC = 0.5
"""Codecs fill their last block, and recorders start their tracks one after the other: so much sound
without a picture is part of the film."""


class Picture(NamedTuple):
    """The frames at 25 Hz that a film has a picture for."""

    first: int
    end: int
    """Behind the last one."""


def find_picture(path: str | Path) -> Picture | None:
    """Where the picture of a file begins and ends; None: it has none, or a cover picture alone.

    Raises:
        MediaError: missing or unreadable file.
    """
    span = track_span(path, "video")
    if span is None:
        return None
    first = round(span.begin * FRAME_HZ) if span.begin > MAX_MISMATCH_SEC else 0
    return Picture(first, max(round(span.end * FRAME_HZ), first + 1))


def plan_file(picture: Picture | None, max_frames: int, speech: np.ndarray | None) -> list[Window]:
    """Cut a file into windows, none of them partly with and partly without a picture.

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
    windows: list[Window] = []
    for start, end, has_picture in (
        (0, first, False),
        (first, picture.end, True),
        (picture.end, total, False),
    ):
        if start < end:
            part = None if speech is None else speech[start * SAMPLES_PER_FRAME :]
            found = plan_windows(end - start, max_frames, part)
            stop = None if end == total else end
            windows += _with_picture(found, start, stop, has_picture)
    return windows


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
