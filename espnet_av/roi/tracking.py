"""Face trackers behind one interface: frames in, four points of the face or None a frame out."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from espnet_av.data.face_place import FacePlace
from espnet_av.errors import ConfigError, MediaError
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.geometry import MEAN_FACE
from espnet_av.roi.landmark_rate import MAX_SHORTAGE, at_25_hz, stretched
from espnet_av.roi.landmarks import load_landmarks
from espnet_av.roi.tracking_mediapipe import MediapipeTracker


class Tracker(Protocol):
    """Finds one face in a clip."""

    needs_rgb: bool
    """The tracker wants colour; reading grey is several times faster."""
    keep_centre: bool
    """Points are of every frame's own, so smoothing should keep their centre."""
    by_shot: bool
    """It follows a face from picture to picture, so that each shot is a clip of its own."""
    note: str
    """What the report should say of the last clip; mostly nothing."""

    def track(self, frames: Iterable[np.ndarray]) -> list[np.ndarray | None]:
        """Find the face in each frame.

        Args:
            frames: V >= 1 of (H, W) uint8 grey, or (H, W, 3) uint8 RGB; gone through in order,
                more than once where a clip needs a second look.

        Returns:
            One (4, 2) float64 array (right eye, left eye, nose, mouth; pixels) or None a frame.
        """
        ...


class FixedTracker:
    """Puts the mouth at the same place of every frame, for clips that are face or mouth crops."""

    needs_rgb = False
    keep_centre = True
    by_shot = False
    note = ""

    def __init__(self, crop: tuple[float, float, float], size: int) -> None:
        self.crop, self.size = crop, size

    def track(self, frames: Iterable[np.ndarray]) -> list[np.ndarray | None]:
        """Return the same four points for every frame; see `Tracker.track`."""
        sizes = [frame.shape[:2] for frame in frames]
        height, width = sizes[0]
        x, y, side = self.crop
        # The crop's outer edges, not its outer pixel centres, lie on the square's edges.
        centre = np.array([x * width - 0.5, y * height - 0.5])
        scale = side * min(height, width) / self.size
        points = centre + (MEAN_FACE - MEAN_FACE[3]) * scale
        return [points] * len(sizes)


class PrecomputedTracker:
    """Hands out points that another program found; see `load_landmarks` for the file.

    Args:
        landmarks: `<file>` or `<file>:<clip name>`.
        first_frame: frame, at 25 frames/s of the whole film, at which the clip begins.
        film: where the pictures come from, to tell a list at the film's own rate from one at 25
            frames/s; None: there is none, and the list is one at 25 frames/s.
    """

    needs_rgb = False
    keep_centre = True
    by_shot = False

    def __init__(self, landmarks: str, first_frame: int = 0, film: Path | None = None) -> None:
        self.landmarks, self.first_frame, self.film = landmarks, first_frame, film
        self.note = ""

    def track(self, frames: Iterable[np.ndarray]) -> list[np.ndarray | None]:
        """Give one entry a frame, from the clip's first frame on; see `Tracker.track`.

        Raises:
            MediaError: unreadable file, it ends more than 2 frames before the clip does, or it
                has neither 25 entries a second nor one for each picture of the film.
        """
        path, separator, key = self.landmarks.rpartition(":")
        points = load_landmarks(path, key) if separator else load_landmarks(self.landmarks)
        needed = self.first_frame + sum(1 for _ in frames)
        if self.film is not None:
            points, self.note = at_25_hz(points, self.film, self.landmarks)
            points = stretched(points, self.film, next(iter(frames)))
        if len(points) < needed - MAX_SHORTAGE:
            msg = (
                f"{self.landmarks}: landmarks of {len(points)} frames where the clip needs "
                f"{needed} at 25 frames/s; were they made at another rate?"
            )
            raise MediaError(msg)
        return (points + [None] * MAX_SHORTAGE)[self.first_frame : needed]


def resolve_tracker(name: str) -> str:
    """Replace `auto` by the best tracker that is installed.

    Raises:
        ConfigError: `mediapipe` is asked for and cannot be imported.
    """
    usable = mediapipe_is_usable()
    if name == "auto":
        return "mediapipe" if usable else "haar"
    if name == "mediapipe" and not usable:
        msg = (
            "tracker: mediapipe is not installed, or has no `solutions` (0.10.21 is the last with "
            "models inside); pip install --no-deps -r tools/mediapipe.txt, or take tracker: haar"
        )
        raise ConfigError(msg)
    return name


def mediapipe_is_usable() -> bool:
    """True when a mediapipe that carries its models is installed."""
    if importlib.util.find_spec("mediapipe") is None:
        return False
    return importlib.util.find_spec("mediapipe.python.solutions") is not None


def make_tracker(
    config: RoiConfig,
    landmarks: str | None = None,
    first_frame: int = 0,
    film: Path | None = None,
    face: FacePlace | None = None,
) -> Tracker:
    """Make the tracker a configuration asks for.

    Args:
        config: names the tracker.
        landmarks: the clip's value in landmarks.scp, for `precomputed`.
        first_frame: frame of the landmarks at which the clip begins.
        film: the file of the pictures, for `precomputed`.
        face: where the speaker is when the clip begins, for those that look for faces.

    Raises:
        ConfigError: the tracker's package is missing, or `precomputed` without landmarks.
    """
    name = resolve_tracker(config.tracker)
    if name == "precomputed":
        if landmarks is None:
            msg = "tracker: precomputed needs landmarks.scp in the data dir, with every utterance"
            raise ConfigError(msg)
        return PrecomputedTracker(landmarks, first_frame, film)
    return TRACKERS[name](config, face)


def _haar(config: RoiConfig, face: FacePlace | None = None) -> Tracker:
    # OpenCV is loaded when a face is looked for, not when a configuration is read.
    from espnet_av.roi.tracking_haar import HaarTracker

    return HaarTracker(config.detect_every, config.detect_side, face)


def _mediapipe(config: RoiConfig, face: FacePlace | None = None) -> Tracker:
    return MediapipeTracker(face)


def _fixed(config: RoiConfig, face: FacePlace | None = None) -> Tracker:
    return FixedTracker(config.fixed_crop, config.size)


TRACKERS: dict[str, Callable[..., Tracker]] = {
    "mediapipe": _mediapipe,
    "haar": _haar,
    "fixed": _fixed,
}
"""Trackers that need pictures only: from the configuration and the face's listed place, if any."""
