"""Geometry of the mouth region."""

import cv2
import numpy as np
import pytest
from media_samples import textured_frames

from espnet_av.roi.geometry import MEAN_FACE, ROI_SIZE, mouth_is_inside, mouth_roi, similarity


def transform(points, degrees, scale, shift):
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ rotation.T + np.asarray(shift)


def canvas(side=256):
    return cv2.resize(textured_frames(1, side=64)[0, :, :, 0], (side, side))


@pytest.mark.parametrize("degrees", [-30, 0, 12])
@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_similarity_undoes_a_similarity(degrees, scale):
    source = transform(MEAN_FACE, degrees, scale, (20, -7))
    matrix = similarity(np.stack([source, MEAN_FACE]))
    mapped = source @ matrix[0, :, :2].T + matrix[0, :, 2]
    assert np.allclose(mapped, MEAN_FACE)
    assert np.allclose(matrix[1], [[1, 0, 0], [0, 1, 0]])


def test_similarity_is_the_least_squares_one():
    rng = np.random.default_rng(0)
    source = MEAN_FACE + rng.normal(scale=5, size=(4, 2))
    # x' = a x - b y + c, y' = b x + a y + d, solved as a plain linear system.
    rows = [[x, -y, 1, 0] for x, y in source] + [[y, x, 0, 1] for x, y in source]
    a, b, c, d = np.linalg.lstsq(np.array(rows), MEAN_FACE.T.ravel(), rcond=None)[0]
    assert np.allclose(similarity(source[None])[0], [[a, -b, c], [b, a, d]])


def test_points_in_one_place_do_not_divide_by_zero():
    assert np.isfinite(similarity(np.full((1, 4, 2), 9.0))).all()


def test_mean_face_itself_is_cut_round_its_mouth():
    frame = canvas()
    roi = mouth_roi(frame[None], MEAN_FACE[None])[0]
    # Mouth (129.31, 157.82) at the crop's centre (47.5, 47.5).
    exact = cv2.getRectSubPix(frame, (96, 96), (129.31, 157.82))
    assert roi.shape == (96, 96)
    assert np.abs(roi.astype(int) - exact).max() <= 2


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1.0), (15, 1.3), (-20, 0.8), (5, 2.6)])
def test_the_same_face_gives_the_same_crop_wherever_it_is(degrees, scale):
    frame, side = canvas(), 800
    points = transform(MEAN_FACE, degrees, scale, (60, 120))
    matrix = similarity(MEAN_FACE[None], points)[0]
    moved = cv2.warpAffine(frame, matrix, (side, side), flags=cv2.INTER_CUBIC)
    expected = mouth_roi(frame[None], MEAN_FACE[None])[0].astype(int)
    found = mouth_roi(moved[None], points[None])[0].astype(int)
    assert np.abs(found - expected).mean() < 2


def test_colour_and_grey_give_the_same_crop():
    frames = textured_frames(3, side=256)
    gray = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    points = np.stack([MEAN_FACE] * 3)
    assert np.array_equal(mouth_roi(frames, points), mouth_roi(gray, points))


def test_large_faces_are_averaged_not_sampled():
    """One-pixel stripes must turn to grey, not to a pattern."""
    frame = np.zeros((1024, 1024), np.uint8)
    frame[:, ::2] = 255
    roi = mouth_roi(frame[None], MEAN_FACE[None] * 4)
    assert roi.min() >= 126
    assert roi.max() <= 129


@pytest.mark.parametrize("scale", [1, 2, 3, 5])
def test_a_large_face_is_cut_where_a_small_one_is(scale):
    """A spot beside the mouth lands on the same place of the crop, to a tenth of a pixel."""
    x, y = (MEAN_FACE[3] + [9.0, -6.0]) * scale
    columns, rows = np.meshgrid(np.arange(256 * scale), np.arange(256 * scale))
    spot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (3.0 * scale) ** 2))
    roi = mouth_roi(spot.astype(np.uint8)[None], MEAN_FACE[None] * scale)[0].astype(float)
    columns, rows = np.meshgrid(np.arange(ROI_SIZE), np.arange(ROI_SIZE))
    middle = (ROI_SIZE - 1) / 2
    assert (roi * columns).sum() / roi.sum() == pytest.approx(middle + 9.0, abs=0.1)
    assert (roi * rows).sum() / roi.sum() == pytest.approx(middle - 6.0, abs=0.1)


def test_edge_pixels_repeat_outwards():
    frame = np.full((1, 60, 60), 77, np.uint8)
    assert (mouth_roi(frame, MEAN_FACE[None] * 0.3) == 77).all()


def test_mouth_inside():
    points = np.zeros((2, 4, 2))
    points[:, 3] = [(10, 10), (103, 10)]
    assert mouth_is_inside(points, 50, 100, margin=5)
    assert not mouth_is_inside(points, 50, 100, margin=3)
    points[0, 3] = (10, -6)
    assert not mouth_is_inside(points, 50, 110, margin=5)
