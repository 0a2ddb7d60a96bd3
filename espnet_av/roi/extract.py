"""From a face video to its mouth clip: decode, track, fill, smooth, cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from espnet_av.data.face_place import FacePlace
from espnet_av.errors import MediaError
from espnet_av.rates import FRAME_HZ
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.geometry import mouth_is_inside, mouth_roi
from espnet_av.roi.landmarks import fill_gaps, smooth
from espnet_av.roi.pictures import Pictures
from espnet_av.roi.shots import Shot
from espnet_av.roi.tracking import Tracker, make_tracker

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
    note: str = ""
    """What else people should know of it: cuts, other faces, landmarks at another rate."""

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
    face: FacePlace | None = None,
) -> RoiClip:
    """Make the mouth clip of a video file.

    A film that cuts to another camera is treated shot by shot: nothing is interpolated or smoothed
    across a cut.

    Args:
        path: any file with a video track.
        config: tracker and geometry.
        start: first second of the segment.
        end: last second of the segment, None for the file's end.
        landmarks: for the `precomputed` tracker: `<file>` or `<file>:<clip name>`, with one entry
            per frame of the whole file, at 25 frames/s or at its own rate.
        face: where the speaker is at `start`, for trackers that look for faces.

    Raises:
        NoMouthError: no face in any frame (`no_face`), one in too few of them (`face_seldom_seen`),
            or the mouth lies outside the picture (`mouth_outside`).
        MediaError: the video or its landmarks cannot be read.
        ConfigError: the tracker cannot be used here.
    """
    tracker = make_tracker(config, landmarks, round(start * FRAME_HZ), Path(path), face)
    frames = Pictures(path, FRAME_HZ, start, end, gray=not tracker.needs_rgb)
    found, notes = _track(tracker, frames)
    num_detected = sum(item is not None for item in found)
    if not num_detected:
        msg = f"{path}: no face in any of its {len(found)} frames; look at the video, or take "
        msg += "another tracker"
        raise NoMouthError(msg, reason="no_face")
    if num_detected < config.min_share * len(found):
        msg = (
            f"{path}: the face is seen in {num_detected} of its {len(found)} frames, less than "
            f"min_share {config.min_share:g}; look at the video, take another tracker, or lower it"
        )
        raise NoMouthError(msg, reason="face_seldom_seen")
    points = _fill_and_smooth(found, frames.shots, config.smoothing_window, tracker.keep_centre)
    height, width = next(iter(frames)).shape[:2]
    if not mouth_is_inside(points, height, width, _OUTSIDE_MARGIN):
        msg = f"{path}: the mouth lies outside the {width}x{height} picture; wrong landmarks?"
        raise NoMouthError(msg, reason="mouth_outside")
    return RoiClip(mouth_roi(frames, points, config.size), num_detected, "; ".join(notes))


def _track(tracker: Tracker, frames: Pictures) -> tuple[list[np.ndarray | None], list[str]]:
    """The points of each frame, and what the report should say."""
    found = tracker.track(frames)
    shots, notes = frames.shots, [tracker.note]
    if len(shots) > 1:
        times = ", ".join(f"{shot.begin / FRAME_HZ:.2f}" for shot in shots[1:])
        notes.append(f"cuts to another camera at {times} s")
        if tracker.by_shot:
            # Seen as one, the face of one shot would lead the search in the next.
            found, notes[:1] = [], []
            for shot in shots:
                found += tracker.track(frames.part(shot))
                notes.append(tracker.note)
    return found, [note for note in dict.fromkeys(notes) if note]


def _fill_and_smooth(
    found: Sequence[np.ndarray | None], shots: Sequence[Shot], window: int, keep_centre: bool
) -> np.ndarray:
    """(V, 4, 2) points of every frame; a shot without a face holds those of the nearest shot."""
    parts = [fill_gaps(list(found[shot.begin : shot.end])) for shot in shots]
    known = [index for index, part in enumerate(parts) if part is not None]
    whole: list[np.ndarray] = []
    for index, (shot, part) in enumerate(zip(shots, parts, strict=True)):
        if part is None:
            near = min(known, key=lambda other: abs(other - index))
            source = parts[near]
            assert source is not None
            part = np.repeat(source[-1:] if near < index else source[:1], len(range(*shot)), axis=0)
        whole.append(smooth(part, window, keep_centre=keep_centre))
    return np.concatenate(whole)
