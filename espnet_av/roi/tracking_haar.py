"""Face tracking with the cascades that ship inside OpenCV: no model file, no network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from statistics import median_low

import cv2
import cv2.data
import numpy as np

from espnet_av.data.face_place import FacePlace
from espnet_av.roi.face_choice import REACH, count_faces, in_pixels, nearest_face

_BOX_POINTS = np.array([(0.33, 0.40), (0.67, 0.40), (0.50, 0.68), (0.50, 0.83)])
"""Right eye, left eye, nose base and mouth within a cascade's box (shares of its side); means over
120 frames of GRID against a landmark model, made symmetric. Spread of each: 0.005 to 0.012."""

_SCALE_STEP = 1.1
_MIN_NEIGHBOURS = 4
_NEAR_REACH = 0.75
"""Half the window searched round the previous face, in sides of its box."""
_NEAR_SIZE_RATIO = 1.35
_NEAR_LOOKS = 2
_NUM_COUNTS = 3
_OUTLIER_SHARE = 0.25
_STRICT, _LOOSE = (
    ("haarcascade_frontalface_default.xml", 5),
    ("haarcascade_frontalface_alt2.xml", 12),
)
"""Cascade and smallest face (as the picture's shorter side divided by this)."""


class HaarTracker:
    """Looks at every n-th frame and interpolates; a single wild box is left out.

    Args:
        detect_every: frames from one look to the next.
        detect_side: pictures are shrunk until their shorter side has this many pixels.
        face: where the speaker is when the clip begins; None: the largest face is followed.
    """

    needs_rgb = False
    keep_centre = False
    by_shot = True

    def __init__(
        self, detect_every: int = 8, detect_side: int = 240, face: FacePlace | None = None
    ) -> None:
        self.detect_every, self.detect_side, self.face = detect_every, detect_side, face
        self.note = ""
        self._counts: list[int] = []

    def track(self, frames: Iterable[np.ndarray]) -> list[np.ndarray | None]:
        """Find the face; between two looks that both found it, points are interpolated.

        Args:
            frames: V of (H, W) uint8 grey or (H, W, 3) uint8 RGB.

        Returns:
            One (4, 2) float64 array or None a frame; all None when no look found a face.
        """
        self.note, self._counts = "", []
        boxes = self._search(frames, REACH)
        if self.face is not None and not any(box is not None for box in boxes.values()):
            boxes = self._search(frames, math.inf)
            self.note = f"no face at the listed place ({self.face}): the nearest one was followed"
        elif self.face is None and self._counts and median_low(self._counts) > 1:
            self.note = f"{max(self._counts)} faces: the largest at the beginning was followed"
        return _between(list(boxes), _without_outliers(list(boxes.values())))

    def _search(self, frames: Iterable[np.ndarray], reach: float) -> dict[int, np.ndarray | None]:
        """Look as strictly as most clips allow, then once more; see `_look`."""
        boxes = self._look(frames, {0}, _STRICT, reach)
        if not any(box is not None for box in boxes.values()):
            boxes = self._look(frames, {0, self.detect_every // 2}, _LOOSE, reach)
        return boxes

    def _look(
        self, frames: Iterable[np.ndarray], due: set[int], kind: tuple[str, int], reach: float
    ) -> dict[int, np.ndarray | None]:
        """Boxes as (centre x, centre y, side) in pixels, by the number of the frame looked at.

        Looks at the frames whose number modulo `detect_every` is in `due`, and at the last one.
        With a listed place, what is further than `reach` from it, or from the face found before,
        is another's.
        """
        cascade, divisor = _cascade(kind[0]), kind[1]
        boxes: dict[int, np.ndarray | None] = {}
        previous: np.ndarray | None = None
        for index, frame, is_last in _numbered(frames):
            if index % self.detect_every not in due and not is_last:
                continue
            side = min(frame.shape[:2])
            scale = min(1.0, self.detect_side / side)
            smallest = max(24, round(side * scale / divisor))
            picture = _gray(frame, scale)
            box = None if previous is None else _find_near(cascade, picture, previous)
            if box is None or self._is_counting():
                found = _detect(cascade, picture, smallest, max(picture.shape))
                self._counts += [count_faces(found)] if found else []
                box = self._choose(found, previous, picture, reach) if box is None else box
            boxes[index] = None if box is None else box / scale
            previous = previous if box is None else box
        return boxes

    def _is_counting(self) -> bool:
        """Several faces were seen: two more looks tell people from what looks like a face once."""
        return self.face is None and 0 < len(self._counts) < _NUM_COUNTS and self._counts[0] > 1

    def _choose(
        self,
        found: list[np.ndarray],
        previous: np.ndarray | None,
        picture: np.ndarray,
        reach: float,
    ) -> np.ndarray | None:
        if self.face is None:
            return _choose(found, previous)
        place = in_pixels(self.face, picture) if previous is None else previous[:2]
        return nearest_face(found, place, reach)


def _find_near(
    cascade: cv2.CascadeClassifier, picture: np.ndarray, previous: np.ndarray
) -> np.ndarray | None:
    """Look only round the previous face and at about its size: several times faster."""
    x, y, side = previous
    left, top = (max(0, int(centre - _NEAR_REACH * side)) for centre in (x, y))
    right, bottom = (int(centre + _NEAR_REACH * side) for centre in (x, y))
    found = _detect(
        cascade,
        picture[top:bottom, left:right],
        int(side / _NEAR_SIZE_RATIO),
        int(side * _NEAR_SIZE_RATIO),
    )
    corner = np.array([left, top, 0])
    return _choose([box + corner for box in found], previous)


def _detect(
    cascade: cv2.CascadeClassifier, picture: np.ndarray, smallest: int, largest: int
) -> list[np.ndarray]:
    """Boxes as (centre x, centre y, side)."""
    found = cascade.detectMultiScale(
        picture, _SCALE_STEP, _MIN_NEIGHBOURS, 0, (smallest, smallest), (largest, largest)
    )
    return [np.array([x + w / 2, y + w / 2, w], np.float64) for x, y, w, _ in found]


@cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / name))


def _gray(frame: np.ndarray, scale: float) -> np.ndarray:
    gray = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if scale == 1.0:
        return gray
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _choose(boxes: list[np.ndarray], previous: np.ndarray | None) -> np.ndarray | None:
    """The face nearest to the previous one in place and size, else the largest."""
    if not boxes:
        return None
    if previous is None:
        return max(boxes, key=lambda box: float(box[2]))
    return min(boxes, key=lambda box: float(np.abs(box - previous).sum()))


def _without_outliers(boxes: list[np.ndarray | None]) -> list[np.ndarray | None]:
    """Leave out boxes far from the median of those found within two looks of them."""
    result: list[np.ndarray | None] = []
    for index, box in enumerate(boxes):
        near = boxes[max(0, index - _NEAR_LOOKS) : index + _NEAR_LOOKS + 1]
        median = np.median([item for item in near if item is not None] or [np.zeros(3)], axis=0)
        wild = box is not None and np.abs(box - median).max() > _OUTLIER_SHARE * median[2]
        result.append(None if wild else box)
    return result


def _numbered(frames: Iterable[np.ndarray]) -> Iterator[tuple[int, np.ndarray, bool]]:
    """Yield (number, frame, whether it is the last one)."""
    number, waiting = 0, None
    for frame in frames:
        if waiting is not None:
            yield number, waiting, False
            number += 1
        waiting = frame
    if waiting is not None:
        yield number, waiting, True


def _between(looks: list[int], boxes: list[np.ndarray | None]) -> list[np.ndarray | None]:
    """Points of every frame that lies between two neighbouring looks with a face.

    The last look is at the last frame.
    """
    points: list[np.ndarray | None] = [None] * (looks[-1] + 1)
    for index, box in zip(looks, boxes, strict=True):
        points[index] = None if box is None else _to_points(box)
    for (left, first), (right, last) in zip(
        zip(looks, boxes, strict=True), zip(looks[1:], boxes[1:], strict=True), strict=False
    ):
        if first is None or last is None:
            continue
        for index in range(left + 1, right):
            share = (index - left) / (right - left)
            points[index] = _to_points(first + (last - first) * share)
    return points


def _to_points(box: np.ndarray) -> np.ndarray:
    corner = box[:2] - box[2] / 2
    return corner + _BOX_POINTS * box[2]
