"""Which of several faces is the speaker's, and how many people there are."""

from __future__ import annotations

import numpy as np
import pytest

from espnet_av.data.face_place import FacePlace
from espnet_av.roi.face_choice import count_faces, in_pixels, nearest_face


def box(x: float, y: float, side: float) -> np.ndarray:
    return np.array([x, y, side], dtype=float)


@pytest.mark.parametrize("shape", [(100, 300), (100, 300, 3)])
def test_a_place_is_in_shares_of_width_and_height(shape):
    place = FacePlace(x=0.5, y=0.25)
    assert in_pixels(place, np.zeros(shape, np.uint8)).tolist() == [150.0, 25.0]


def test_the_nearest_face_within_reach_of_its_own_side():
    faces = [box(100, 100, 50), box(300, 100, 80)]
    assert nearest_face(faces, np.array([190.0, 100.0])) is faces[0]
    assert nearest_face(faces, np.array([210.0, 100.0])) is faces[1]
    assert nearest_face(faces, np.array([150.0, 100.0]), reach=1.0) is faces[0]
    assert nearest_face(faces, np.array([150.1, 100.0]), reach=1.0) is None
    assert nearest_face(faces, np.array([220.0, 100.0]), reach=1.0) is faces[1]
    assert nearest_face([], np.array([0.0, 0.0])) is None


@pytest.mark.parametrize(
    ("others", "people"),
    [
        ([], 1),
        ([box(300, 100, 100)], 2),
        ([box(300, 100, 50)], 2),
        ([box(300, 100, 49)], 1),
        ([box(200, 100, 60)], 1),
        ([box(201, 100, 60)], 2),
        ([box(110, 110, 60)], 1),
        ([box(300, 100, 60), box(310, 100, 55), box(500, 100, 50)], 3),
    ],
)
def test_people_are_faces_beside_each_other_of_like_size(others, people):
    faces = [*others, box(100, 100, 100)]
    assert count_faces(faces) == people
    assert count_faces(faces[::-1]) == people


def test_nobody():
    assert count_faces([]) == 0
