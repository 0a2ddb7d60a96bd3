"""Face tracking with mediapipe's face mesh (optional package, models inside, no network)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from espnet_av.data.face_place import FacePlace
from espnet_av.roi.face_choice import REACH, count_faces, in_pixels, nearest_face

_MESH_GROUPS = ((33, 133), (362, 263), (2,), (61, 291, 0, 17))
"""Mesh points whose mean is: right eye, left eye, nose base, mouth (corners, outer lips)."""
_NUM_KEY_POINTS = 4
_FULL_RANGE = 1
_MAX_FACES = 4
_SIDE_OF_EYES = 3.0
"""Side of a face's box in distances between the eyes, as of the cascades' boxes."""


class MediapipeTracker:
    """Face mesh on every frame; where it sees no face in a whole clip, the full-range detector.

    Args:
        face: where the speaker is when the clip begins; None: the face that the mesh prefers.
    """

    needs_rgb = True
    keep_centre = True
    by_shot = True

    def __init__(self, face: FacePlace | None = None) -> None:
        self.face, self.note = face, ""

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

        self.note = ""
        num_faces = 1 if self.face is None else _MAX_FACES
        with face_mesh.FaceMesh(static_image_mode=False, max_num_faces=num_faces) as mesh:
            seen = [_meshes(mesh.process(frame), frame) for frame in frames]
        points = self._follow(seen, frames)
        is_found = any(item is not None for item in points)
        if is_found and self.face is not None:
            return points
        with face_detection.FaceDetection(model_selection=_FULL_RANGE) as detector:
            if is_found:
                first = next(iter(frames))
                self._count(_key_points(detector.process(first), first))
                return points
            return self._follow(
                [_key_points(detector.process(frame), frame) for frame in frames], frames
            )

    def _count(self, faces: list[np.ndarray]) -> None:
        count = count_faces([_box(face) for face in faces])
        if count > 1:
            self.note = f"{count} faces: the one that the face mesh prefers was followed"

    def _follow(
        self, seen: list[list[np.ndarray]], frames: Iterable[np.ndarray]
    ) -> list[np.ndarray | None]:
        """One face of each frame: the first one, or that of the listed place."""
        if self.face is None or not any(seen):
            return [faces[0] if faces else None for faces in seen]
        place = in_pixels(self.face, next(iter(frames)))
        points = _chain(seen, place, REACH)
        if not any(item is not None for item in points):
            points = _chain(seen, place, math.inf)
            self.note = f"no face at the listed place ({self.face}): the nearest one was followed"
        return points


def _chain(
    seen: list[list[np.ndarray]], place: np.ndarray, reach: float
) -> list[np.ndarray | None]:
    """In each frame the face nearest to where it was before."""
    points: list[np.ndarray | None] = []
    for faces in seen:
        boxes = [_box(face) for face in faces]
        box = nearest_face(boxes, place, reach)
        chosen = next((face for face, its in zip(faces, boxes, strict=True) if its is box), None)
        points.append(chosen)
        place = place if box is None else box[:2]
    return points


def _box(points: np.ndarray) -> np.ndarray:
    """(centre x, centre y, side) of the face about its four points."""
    return np.array([*points[:3].mean(axis=0), _SIDE_OF_EYES * np.hypot(*(points[1] - points[0]))])


def _meshes(result: Any, frame: np.ndarray) -> list[np.ndarray]:
    return [
        np.stack([np.mean([(face.landmark[i].x, face.landmark[i].y) for i in group], axis=0)
                  for group in _MESH_GROUPS]) * _size(frame)
        for face in result.multi_face_landmarks or ()
    ]  # fmt: skip


def _key_points(result: Any, frame: np.ndarray) -> list[np.ndarray]:
    """Points of the faces, the largest first."""
    faces = [detection.location_data for detection in result.detections or ()]
    faces.sort(key=lambda face: -face.relative_bounding_box.width)
    marks = [face.relative_keypoints[:_NUM_KEY_POINTS] for face in faces]
    return [np.array([(mark.x, mark.y) for mark in four]) * _size(frame) for four in marks]


def _size(frame: np.ndarray) -> np.ndarray:
    return np.array([frame.shape[1], frame.shape[0]], np.float64)
