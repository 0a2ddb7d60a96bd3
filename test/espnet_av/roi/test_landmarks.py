"""Face points: formats, gaps, smoothing."""

import pickle

import numpy as np
import pytest

from espnet_av.errors import MediaError
from espnet_av.roi.landmarks import fill_gaps, load_landmarks, smooth


def save(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def dlib_points():
    return np.random.default_rng(0).uniform(0, 200, (68, 2))


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_dlib_points_become_the_means_of_eyes_nose_and_mouth(tmp_path, protocol):
    points = dlib_points()
    first, second = load_landmarks(save(tmp_path / "a.pkl", [points, None], protocol))
    eye, mouth = points[36:42].mean(axis=0), points[48:68].mean(axis=0)
    assert np.allclose(first, [eye, points[42:48].mean(0), points[31:36].mean(0), mouth])
    assert second is None


def test_integer_points_nested_lists_and_object_arrays(tmp_path):
    four = [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert np.array_equal(load_landmarks(save(tmp_path / "a.pkl", [four]))[0], four)
    objects = np.empty(2, object)
    objects[:] = [np.array(four, np.int32), None]
    loaded = load_landmarks(save(tmp_path / "b.pkl", objects))
    assert np.array_equal(loaded[0], four)
    assert loaded[1] is None


def test_lists_of_the_faces_of_each_picture(tmp_path):
    points, other = dlib_points(), dlib_points() + 50
    alone = load_landmarks(save(tmp_path / "a.pkl", [points, None, points]))
    listed = load_landmarks(save(tmp_path / "b.pkl", [[points], [], (points,)]))
    assert [item is None for item in listed] == [False, True, False]
    assert np.array_equal(listed[0], alone[0]) and np.array_equal(listed[2], alone[2])
    with pytest.raises(MediaError, match=r"frame 1: .* found 2 faces; keep the speaker's alone"):
        load_landmarks(save(tmp_path / "c.pkl", [[points], [points, other]]))


def test_clip_of_a_dict(tmp_path):
    path = save(tmp_path / "a.pkl", {"seg1": [None], "seg2": [np.ones((4, 2))]})
    assert load_landmarks(path, "seg1") == [None]
    with pytest.raises(MediaError, match=r"no clip 'seg3' among its 2.*<file\.pkl>:<clip name>"):
        load_landmarks(path, "seg3")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([np.zeros((5, 2))], r"frame 0: expected \(68, 2\) or \(4, 2\).*\(5, 2\)"),
        ([None, np.full((4, 2), np.nan)], "frame 1: expected"),
        (["nose"], "frame 0: not an array"),
        (3, "one entry a frame, found int"),
    ],
)
def test_other_shapes_are_errors(tmp_path, content, message):
    with pytest.raises(MediaError, match=message):
        load_landmarks(save(tmp_path / "a.pkl", content))


def test_gaps_are_interpolated_and_ends_repeated():
    first, last = np.zeros((4, 2)), np.full((4, 2), 3.0)
    filled = fill_gaps([None, first, None, None, last, None])
    assert np.allclose(filled[:, 0, 0], [0, 0, 1, 2, 3, 3])
    assert np.allclose(filled, filled[:, :1, :1])


def test_no_point_at_all():
    assert fill_gaps([None, None]) is None
    assert fill_gaps([]) is None


@pytest.mark.parametrize("num_frames", [1, 5, 40])
def test_smoothing_is_a_centred_mean(num_frames):
    points = np.random.default_rng(1).normal(size=(num_frames, 4, 2))
    expected = [points[max(0, i - 6) : i + 7].mean(axis=0) for i in range(num_frames)]
    assert np.allclose(smooth(points, 12, keep_centre=False), expected)


def test_smoothing_can_follow_the_head():
    rng = np.random.default_rng(2)
    head = np.cumsum(rng.normal(size=(30, 1, 2)), axis=0)
    shape = rng.normal(size=(1, 4, 2))
    # A face that only moves keeps its place and shape exactly.
    assert np.allclose(smooth(shape + head, 12, keep_centre=True), shape + head)
    assert not np.allclose(smooth(shape + head, 12, keep_centre=False), shape + head)


@pytest.mark.parametrize("window", [0, 1])
def test_window_of_one_changes_nothing(window):
    points = np.random.default_rng(3).normal(size=(6, 4, 2))
    assert np.array_equal(smooth(points, window, keep_centre=False), points)
