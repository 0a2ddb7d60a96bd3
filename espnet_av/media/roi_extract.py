"""From a face video to its mouth clip: decode, track, fill, smooth, cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from espnet_av.errors import MediaError
from espnet_av.media.landmarks import fill_gaps, smooth
from espnet_av.media.pictures import Pictures
from espnet_av.media.roi import mouth_is_inside, mouth_roi
from espnet_av.media.roi_config import RoiConfig
from espnet_av.media.tracking import make_tracker

FPS = 25.0
_OUTSIDE_MARGIN = 5


class NoMouthError(MediaError):
    """A readable video without a usable mouth; `reason` is a word for reports."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class RoiClip:
    """A mouth clip and how well its face was tracked."""

    frames: np.ndarray
    """(V, size, size) uint8 grey at 25 frames/s."""
    num_detected: int
    """Frames in which the tracker saw the face; the others are interpolated."""

    @property
    def share(self) -> float:
        """Share of frames detected, 0..1."""
        return self.num_detected / len(self.frames)


def extract_roi(
    path: str | Path,
    config: RoiConfig,
    start: float = 0.0,
    end: float | None = None,
    landmarks: str | None = None,
) -> RoiClip:
    """Make the mouth clip of a video file.

    Args:
        path: any file with a video track.
        config: tracker and geometry.
        start: first second of the segment.
        end: last second of the segment, None for the file's end.
        landmarks: for the `precomputed` tracker: `<file>` or `<file>:<clip name>`, with one entry
            per frame of the whole file at 25 frames/s.

    Raises:
        NoMouthError: no face in any frame (`no_face`), or the mouth lies outside the picture
            (`mouth_outside`).
        MediaError: the video or its landmarks cannot be read.
        ConfigError: the tracker cannot be used here.
    """
    tracker = make_tracker(config, landmarks, first_frame=round(start * FPS))
    frames = Pictures(path, FPS, start, end, gray=not tracker.needs_rgb)
    found = tracker.track(frames)
    points = fill_gaps(found)
    if points is None:
        msg = f"{path}: no face in any of its {len(found)} frames; look at the video, or take "
        msg += "another tracker"
        raise NoMouthError(msg, reason="no_face")
    points = smooth(points, config.smoothing_window, keep_centre=tracker.keep_centre)
    height, width = next(iter(frames)).shape[:2]
    if not mouth_is_inside(points, height, width, _OUTSIDE_MARGIN):
        msg = f"{path}: the mouth lies outside the {width}x{height} picture; wrong landmarks?"
        raise NoMouthError(msg, reason="mouth_outside")
    num_detected = sum(item is not None for item in found)
    return RoiClip(mouth_roi(frames, points, config.size), num_detected)
