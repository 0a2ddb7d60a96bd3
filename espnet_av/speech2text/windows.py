"""Cutting long files into stretches that the model was trained for."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.media.track_length import track_span
from espnet_av.rates import FRAME_HZ
from espnet_av.speech2text.cuts import plan_cuts

DEFAULT_WINDOW_SEC = 20.0
"""Of models of which nobody knows how long their training utterances were."""
_OVERLAP_SEC = 1.0
"""Two windows share so much sound where there is no pause between them."""
_MAX_OVERLAP = 1 / 3
"""But not more than this share of a window."""


logger = logging.getLogger(__name__)


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


def window_sec(asked: float | None, longest: float | None, path: str | Path) -> float:
    """The longest window, and a word where it is not what the model learned from."""
    if asked is None and longest is None:
        logger.warning(
            "%s: nobody noted how long its training utterances were; files longer than %g s are "
            "cut: if they were shorter, say so with --max_window (max_window_sec)",
            *(path, DEFAULT_WINDOW_SEC),
        )
    if asked is not None and longest is not None and asked > longest:
        logger.warning(
            "%s: windows of %g s, but the model never heard more than %g s at once and may lose "
            "words; leave --max_window (max_window_sec) out",
            *(path, asked, longest),
        )
    return asked or longest or DEFAULT_WINDOW_SEC
