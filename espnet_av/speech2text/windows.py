"""Cutting long files into stretches that the model was trained for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.data.rates import FRAME_HZ
from espnet_av.media.track_length import track_span
from espnet_av.speech2text.cuts import plan_cuts

_OVERLAP_SEC = 1.0
"""Two windows share so much sound where there is no pause between them."""
_MAX_OVERLAP = 1 / 3
"""But not more than this share of a window."""


class Window(NamedTuple):
    """A stretch of a file in seconds; `end` None is the end of the file."""

    start: float
    end: float | None
    has_picture: bool = True
    """False: the picture begins later, or has ended."""


def plan_windows(num_frames: int, max_frames: int, speech: np.ndarray | None) -> list[Window]:
    """Cut a file into windows of at most `max_frames`, in pauses of the speech.

    Where no pause is near enough, two windows overlap: both then hear the words at the border, and
    `join_passages` puts them together.

    Args:
        num_frames: length of the file at 25 Hz.
        max_frames: longest window.
        speech: (S,) float at 16 kHz to look for pauses in; None cuts at equal distances.

    Returns:
        windows on frame borders, each beginning where the one before ends or up to a second
        earlier; a short file is one window without bounds.
    """
    margin = round(min(_OVERLAP_SEC * FRAME_HZ, _MAX_OVERLAP * max_frames) / 2)
    cuts = plan_cuts(num_frames, max_frames, speech, margin)
    margins = [margin if cut.is_in_speech else 0 for cut in cuts]
    starts = [cut.frame - extra for cut, extra in zip(cuts, margins, strict=True)]
    ends = [(cut.frame + extra) / FRAME_HZ for cut, extra in zip(cuts, margins, strict=True)]
    return [
        Window(start / FRAME_HZ, end)
        for start, end in zip([0, *starts], [*ends, None], strict=True)
    ]


def video_frames(path: str | Path) -> int:
    """Length of a file's picture at 25 Hz, by its packets; 0: it has none.

    Raises:
        MediaError: missing or unreadable file.
    """
    span = track_span(path, "video")
    return 0 if span is None else round(span.end * FRAME_HZ)
