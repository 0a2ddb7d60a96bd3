"""Which of several faces is the speaker's."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from espnet_av.data.face_place import FacePlace

REACH = 1.0
"""A face whose centre is further than so many of its sides from the speaker's is another's."""


_MIN_SIZE_RATIO = 0.5
"""What a detector takes for a face in a background is mostly smaller than a speaker's face."""


def in_pixels(place: FacePlace, picture: np.ndarray) -> np.ndarray:
    """(2,) x and y of a place in a picture, (H, W) or (H, W, 3)."""
    height, width = picture.shape[:2]
    return np.array([place.x * width, place.y * height])


def nearest_face(
    boxes: Sequence[np.ndarray], place: np.ndarray, reach: float = math.inf
) -> np.ndarray | None:
    """The box whose centre is nearest to a place; None: all are further than `reach` sides.

    Args:
        boxes: each (3,): centre x, centre y, side.
        place: (2,) in the same pixels.
        reach: in sides of each box.
    """
    near = [box for box in boxes if np.hypot(*(box[:2] - place)) <= reach * box[2]]
    return min(near, key=lambda box: float(np.hypot(*(box[:2] - place))), default=None)


def count_faces(boxes: Sequence[np.ndarray]) -> int:
    """How many people boxes show: those inside another, or far smaller, are no other person's."""
    people: list[np.ndarray] = []
    for box in sorted(boxes, key=lambda box: -float(box[2])):
        is_large = not people or box[2] >= _MIN_SIZE_RATIO * people[0][2]
        if is_large and all(np.hypot(*(box[:2] - other[:2])) > other[2] for other in people):
            people.append(box)
    return len(people)
