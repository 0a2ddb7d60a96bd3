"""Face trackers behind one interface: frames in, four points of the face or None a frame out."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from espnet_av.errors import ConfigError, MediaError
from espnet_av.media.landmarks import load_landmarks
from espnet_av.media.roi import MEAN_FACE
from espnet_av.media.roi_config import RoiConfig, TrackerName
from espnet_av.media.tracking_haar import HaarTracker
from espnet_av.media.tracking_mediapipe import MediapipeTracker

_MAX_SHORTAGE = 2
"""Frame counts of different decoders differ by a frame at the ends."""


class Tracker(Protocol):
    """Finds one face in a clip."""

    needs_rgb: bool
    """The tracker wants colour; reading grey is several times faster."""
    keep_centre: bool
    """Points are of every frame's own, so smoothing should keep their centre."""

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
    """Hands out points that another program found; see `load_landmarks` for the file."""

    needs_rgb = False
    keep_centre = True

    def __init__(self, landmarks: str, first_frame: int = 0) -> None:
        self.landmarks, self.first_frame = landmarks, first_frame

    def track(self, frames: Iterable[np.ndarray]) -> list[np.ndarray | None]:
        """Read one entry a frame, from the clip's first frame on; see `Tracker.track`.

        Raises:
            MediaError: unreadable file, or it ends more than 2 frames before the clip does.
        """
        path, separator, key = self.landmarks.rpartition(":")
        points = load_landmarks(path, key) if separator else load_landmarks(self.landmarks)
        needed = self.first_frame + sum(1 for _ in frames)
        if len(points) < needed - _MAX_SHORTAGE:
            msg = (
                f"{self.landmarks}: landmarks of {len(points)} frames where the clip needs "
                f"{needed} at 25 frames/s; were they made at another rate?"
            )
            raise MediaError(msg)
        return (points + [None] * _MAX_SHORTAGE)[self.first_frame : needed]


def resolve_tracker(name: TrackerName) -> TrackerName:
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


def make_tracker(config: RoiConfig, landmarks: str | None = None, first_frame: int = 0) -> Tracker:
    """Make the tracker a configuration asks for.

    Args:
        config: names the tracker.
        landmarks: the clip's value in landmarks.scp, for `precomputed`.
        first_frame: frame of the landmarks at which the clip begins.

    Raises:
        ConfigError: the tracker's package is missing, or `precomputed` without landmarks.
    """
    name = resolve_tracker(config.tracker)
    if name == "precomputed":
        if landmarks is None:
            msg = "tracker: precomputed needs landmarks.scp in the data dir, with every utterance"
            raise ConfigError(msg)
        return PrecomputedTracker(landmarks, first_frame)
    return TRACKERS[name](config)


TRACKERS: dict[str, Callable[[RoiConfig], Tracker]] = {
    "mediapipe": lambda config: MediapipeTracker(),
    "haar": lambda config: HaarTracker(config.detect_every, config.detect_side),
    "fixed": lambda config: FixedTracker(config.fixed_crop, config.size),
}
"""Trackers that need pictures only."""
