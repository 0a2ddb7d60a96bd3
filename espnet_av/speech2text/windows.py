"""Cutting long files into stretches that the model was trained for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.data.rates import FRAME_HZ, SAMPLES_PER_FRAME
from espnet_av.media.track_length import track_span

_EARLIEST = 0.6
"""A cut is looked for in the last 40 % of a stretch."""
_SMOOTHED_FRAMES = 5
"""Quiet means: the mean energy of so many frames."""


class Window(NamedTuple):
    """A stretch of a file in seconds; `end` None is the end of the file."""

    start: float
    end: float | None
    has_picture: bool = True
    """False: the picture begins later, or has ended."""


def plan_windows(num_frames: int, max_frames: int, speech: np.ndarray | None) -> list[Window]:
    """Cut a file into windows of at most `max_frames`, where it is quiet.

    Args:
        num_frames: length of the file at 25 Hz.
        max_frames: longest window.
        speech: (S,) float at 16 kHz to look for quiet places in; None cuts at equal distances.

    Returns:
        adjacent windows on frame borders; a short file is one window without bounds.
    """
    cuts = [0]
    energy = None if speech is None else _energy(speech, num_frames)
    while num_frames - cuts[-1] > max_frames:
        left = num_frames - cuts[-1]
        if energy is None:
            cuts.append(cuts[-1] + -(-left // -(-left // max_frames)))
            continue
        first, last = cuts[-1] + max(1, int(_EARLIEST * max_frames)), cuts[-1] + max_frames
        cuts.append(first + int(energy[first : last + 1].argmin()))
    borders = [cut / FRAME_HZ for cut in cuts]
    return [Window(start, end) for start, end in zip(borders, [*borders[1:], None], strict=True)]


def video_frames(path: str | Path) -> int:
    """Length of a file's picture at 25 Hz, by its packets; 0: it has none.

    Raises:
        MediaError: missing or unreadable file.
    """
    span = track_span(path, "video")
    return 0 if span is None else round(span.end * FRAME_HZ)


def _energy(speech: np.ndarray, num_frames: int) -> np.ndarray:
    """(num_frames + 1,) smoothed energy around each frame border."""
    usable = speech[: len(speech) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME]
    frames = np.square(usable.reshape(-1, SAMPLES_PER_FRAME), dtype=np.float64).mean(axis=1)
    frames = np.pad(frames, (0, max(0, num_frames + 1 - len(frames))))[: num_frames + 1]
    kernel = np.ones(_SMOOTHED_FRAMES) / _SMOOTHED_FRAMES
    return np.convolve(frames, kernel, mode="same")
