"""Face tracking with mediapipe's face mesh (optional package, models inside, no network)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

_MESH_GROUPS = ((33, 133), (362, 263), (2,), (61, 291, 0, 17))
"""Mesh points whose mean is: right eye, left eye, nose base, mouth (corners, outer lips)."""
_NUM_KEY_POINTS = 4
_FULL_RANGE = 1


class MediapipeTracker:
    """Face mesh on every frame; where it sees no face in a whole clip, the full-range detector."""

    needs_rgb = True
    keep_centre = True

    def track(self, frames: Iterable[np.ndarray]) -> list[np.ndarray | None]:
        """Find the face in each frame.

        Args:
            frames: V of (H, W, 3) uint8 RGB.

        Returns:
            One (4, 2) float64 array or None a frame.
        """
        # Fresh graphs for every clip: they keep state, and a clip's points must not depend on
        # the clips before it.
        from mediapipe.python.solutions import face_detection, face_mesh

        with face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1) as mesh:
            points = [_mesh_points(mesh.process(frame), frame) for frame in frames]
        if any(item is not None for item in points):
            return points
        with face_detection.FaceDetection(model_selection=_FULL_RANGE) as detector:
            return [_key_points(detector.process(frame), frame) for frame in frames]


def _mesh_points(result: Any, frame: np.ndarray) -> np.ndarray | None:
    if not result.multi_face_landmarks:
        return None
    marks = result.multi_face_landmarks[0].landmark
    groups = [[(marks[i].x, marks[i].y) for i in group] for group in _MESH_GROUPS]
    return np.stack([np.mean(group, axis=0) for group in groups]) * _size(frame)


def _key_points(result: Any, frame: np.ndarray) -> np.ndarray | None:
    """Points of the largest face."""
    if not result.detections:
        return None
    faces = [detection.location_data for detection in result.detections]
    face = max(faces, key=lambda item: item.relative_bounding_box.width)
    marks = face.relative_keypoints[:_NUM_KEY_POINTS]
    return np.array([(mark.x, mark.y) for mark in marks]) * _size(frame)


def _size(frame: np.ndarray) -> np.ndarray:
    return np.array([frame.shape[1], frame.shape[0]], np.float64)
