"""Face trackers behind the one interface."""

import importlib.util
import pickle
import sys
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest
from media_samples import face_points, textured_frames

from espnet_av.data.face_place import FacePlace
from espnet_av.errors import ConfigError, MediaError
from espnet_av.media.video import read_video
from espnet_av.roi import tracking, tracking_mediapipe
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.geometry import mouth_roi
from espnet_av.roi.tracking import TRACKERS, make_tracker, mediapipe_is_usable, resolve_tracker
from espnet_av.roi.tracking_haar import HaarTracker
from espnet_av.roi.tracking_mediapipe import MediapipeTracker

BLANK = np.full((20, 120, 160), 128, np.uint8)


def test_fixed_keeps_a_ready_crop_as_it_is():
    frames = textured_frames(4, side=96)[..., 0]
    points = np.stack(make_tracker(RoiConfig(tracker="fixed")).track(frames))
    assert np.array_equal(mouth_roi(frames, points), frames)


def test_fixed_takes_the_square_it_is_told():
    frames = np.zeros((2, 200, 400), np.uint8)
    frames[:, 60:160, 250:350] = 200
    config = RoiConfig(tracker="fixed", fixed_crop=(0.75, 0.55, 0.5))
    crop = mouth_roi(frames, np.stack(make_tracker(config).track(frames)))
    assert (crop[:, 2:-2, 2:-2] == 200).all()


def test_precomputed_hands_out_the_points_of_the_clip(tmp_path):
    points = [point + i for i, point in enumerate(face_points(10))]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"clip": points, "other": []}))
    config = RoiConfig(tracker="precomputed")
    tracker = make_tracker(config, f"{tmp_path}/a.pkl:clip", first_frame=3)
    found = tracker.track(BLANK[:4])
    assert all(np.array_equal(a, b) for a, b in zip(found, points[3:7], strict=True))


def test_precomputed_may_end_two_frames_early_but_not_three(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(face_points(10)))
    tracker = make_tracker(RoiConfig(tracker="precomputed"), f"{tmp_path}/a.pkl")
    assert tracker.track(BLANK[:12])[9:] == [pytest.approx(face_points(1)[0]), None, None]
    with pytest.raises(MediaError, match=r"a\.pkl: landmarks of 10 frames.*needs 13"):
        tracker.track(BLANK[:13])


def test_precomputed_without_landmarks():
    with pytest.raises(ConfigError, match=r"landmarks\.scp"):
        make_tracker(RoiConfig(tracker="precomputed"))


@pytest.mark.parametrize("usable", [True, False])
def test_auto_takes_what_is_installed(monkeypatch, usable):
    monkeypatch.setattr(tracking, "mediapipe_is_usable", lambda: usable)
    assert resolve_tracker("auto") == ("mediapipe" if usable else "haar")
    assert resolve_tracker("haar") == "haar"


def test_mediapipe_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"0\.10\.21.*pip install.*haar"):
        resolve_tracker("mediapipe")


@pytest.mark.parametrize("name", sorted(TRACKERS))
def test_every_tracker_can_be_made(name):
    tracker = make_tracker(RoiConfig(tracker=name)) if name != "mediapipe" else TRACKERS[name](None)
    assert {"needs_rgb", "keep_centre", "track"} <= set(dir(tracker))


def track_with(monkeypatch, boxes, frames=17, face=None, note=""):
    """Track with a detector that sees `boxes` (frame -> rectangles) in the part it is shown."""
    if isinstance(frames, int):
        frames = np.zeros((frames, 240, 320), np.uint8)
    address = frames.ctypes.data

    class Cascade:
        def detectMultiScale(self, part, step, neighbours, flags, smallest, largest):
            index, place = divmod(part.ctypes.data - address, frames[0].size)
            top, left = divmod(place, frames.shape[2])
            return [
                (x - left, y - top, w, h)
                for x, y, w, h in boxes.get(index, [])
                if 0 <= x - left <= part.shape[1] - w
                and 0 <= y - top <= part.shape[0] - h
                and smallest[0] <= w <= largest[0]
            ]

    monkeypatch.setattr("espnet_av.roi.tracking_haar._cascade", lambda name: Cascade())
    tracker = HaarTracker(detect_every=8, face=face)
    points = tracker.track(frames)
    assert tracker.note == note
    return points


def found_in(points):
    return [index for index, point in enumerate(points) if point is not None]


def test_haar_interpolates_between_looks(monkeypatch):
    boxes = {0: [(0, 0, 100, 100)], 8: [(8, 0, 100, 100)], 16: [(16, 0, 100, 100)]}
    mouths = np.stack(track_with(monkeypatch, boxes))[:, 3]
    assert np.allclose(mouths[:, 0], 50 + np.arange(17))
    assert np.allclose(mouths[:, 1], 83)


def test_haar_leaves_out_what_lies_beside_a_missed_look(monkeypatch):
    points = track_with(monkeypatch, {0: [(0, 0, 100, 100)], 16: [(0, 0, 100, 100)]})
    assert found_in(points) == [0, 16]


def test_haar_stays_with_the_face_it_has(monkeypatch):
    near, far = (10, 10, 90, 90), (150, 40, 120, 120)
    points = track_with(monkeypatch, {0: [near], 8: [far, near], 16: [near, far]})
    assert np.ptp(np.stack(points), axis=0).max() == 0


def test_haar_starts_with_the_largest_face(monkeypatch):
    faces = [(0, 0, 70, 70), (100, 0, 120, 120)]
    note = "2 faces: the largest at the beginning was followed"
    points = track_with(monkeypatch, dict.fromkeys((0, 8, 16), faces), note=note)
    assert points[0][3, 0] == pytest.approx(160)


SPEAKER, LISTENER = (20, 100, 80, 80), (180, 80, 120, 120)
THERE = FacePlace(0.2, 0.6)
"""Of pictures of 320 x 240: within the smaller face."""


def mouth_of(box):
    return pytest.approx([box[0] + box[2] / 2, box[1] + 0.83 * box[2]])


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("face", [THERE, FacePlace(0.05, 0.4), FacePlace(0.3, 0.8)])
def test_haar_takes_the_face_at_the_listed_place(monkeypatch, order, face):
    both = [SPEAKER, LISTENER][::order]
    points = track_with(monkeypatch, dict.fromkeys((0, 8, 16), both), face=face)
    assert [point[3] for point in points] == [mouth_of(SPEAKER)] * 17


def test_haar_waits_for_the_face_at_the_listed_place(monkeypatch):
    boxes = {0: [LISTENER], 8: [LISTENER, SPEAKER], 16: [LISTENER, SPEAKER]}
    points = track_with(monkeypatch, boxes, face=THERE)
    assert found_in(points) == list(range(8, 17)) and points[8][3] == mouth_of(SPEAKER)


def test_haar_does_not_go_over_to_another_face_than_the_listed(monkeypatch):
    boxes = {0: [LISTENER, SPEAKER], 8: [SPEAKER], 16: [LISTENER], 24: [LISTENER]}
    assert found_in(track_with(monkeypatch, boxes, 25, face=THERE)) == list(range(9))


def test_haar_says_when_no_face_is_at_the_listed_place(monkeypatch):
    note = "no face at the listed place (0.2 0.6): the nearest one was followed"
    far = (240, 10, 60, 60)
    both = {look: [far, LISTENER] for look in (0, 8, 16)}
    points = track_with(monkeypatch, both, face=FacePlace(0.2, 0.6), note=note)
    assert points[0][3] == mouth_of(LISTENER)


@pytest.mark.parametrize(
    "others",
    [
        {0: [(240, 10, 60, 60)]},  # once only, as what looks like a face in a background
        {look: [(60, 120, 50, 50)] for look in (0, 8, 16)},  # within the other
        {look: [(250, 10, 30, 30)] for look in (0, 8, 16)},  # far smaller
    ],
)
def test_what_is_no_second_person_is_not_told(monkeypatch, others):
    boxes = {look: [SPEAKER, *others.get(look, [])] for look in (0, 8, 16)}
    assert found_in(track_with(monkeypatch, boxes)) == list(range(17))


def test_haar_follows_a_face_that_jumps(monkeypatch):
    here, there = [(0, 0, 80, 80)], [(200, 100, 80, 80)]
    points = track_with(monkeypatch, {0: here, 8: there, 16: there, 24: there, 32: there}, 33)
    # The first box is the odd one out; the others are one place.
    assert found_in(points) == list(range(8, 33))
    assert points[20][3] == pytest.approx([240, 100 + 0.83 * 80])


def test_haar_ignores_one_wild_box(monkeypatch):
    boxes = {look: [(10, 10, 90, 90)] for look in (0, 8, 24, 32)} | {16: [(200, 0, 50, 50)]}
    points = track_with(monkeypatch, boxes, 33)
    assert found_in(points) == [*range(9), *range(24, 33)]
    assert points[0][3] == pytest.approx(points[30][3])


def test_haar_looks_again_elsewhere_before_it_gives_up(monkeypatch):
    # Looks at 0, 8, 16 see nothing; then 0, 4, 8, 12, 16 are tried, for smaller faces too.
    points = track_with(monkeypatch, {4: [(0, 0, 30, 30)], 5: [(0, 0, 100, 100)]})
    assert found_in(points) == [4]


def test_haar_sees_no_face_in_a_blank_clip():
    assert HaarTracker().track(BLANK) == [None] * 20


@pytest.mark.parametrize("length", [1, 3])
def test_haar_tracks_short_clips(monkeypatch, length):
    boxes = {index: [(0, 0, 100, 100)] for index in range(length)}
    assert found_in(track_with(monkeypatch, boxes, length)) == list(range(length))


def test_haar_scales_boxes_back_to_the_picture(monkeypatch):
    class Cascade:
        def detectMultiScale(self, picture, *args):
            assert picture.shape == (240, 320)
            return [(10, 10, 50, 50)]

    monkeypatch.setattr("espnet_av.roi.tracking_haar._cascade", lambda name: Cascade())
    points = HaarTracker(detect_side=240).track(np.zeros((1, 480, 640, 3), np.uint8))
    assert points[0][3] == pytest.approx([20 + 50, 20 + 83])


@pytest.mark.parametrize(
    ("height", "detect_side", "least"),
    [(480, 240, 48), (480, 480, 96), (240, 480, 48), (60, 60, 24)],
)
def test_haar_looks_for_faces_of_a_share_of_the_picture(monkeypatch, height, detect_side, least):
    """A fifth of the picture as it is looked at; nothing below 24 pixels is a face."""
    asked = []

    class Cascade:
        def detectMultiScale(self, picture, step, neighbours, flags, smallest, largest):
            asked.append(smallest)
            return [(10, 10, 50, 50)]

    monkeypatch.setattr("espnet_av.roi.tracking_haar._cascade", lambda name: Cascade())
    HaarTracker(detect_side=detect_side).track(np.zeros((1, height, 2 * height), np.uint8))
    assert asked[0] == (least, least)


def test_haar_finds_the_mouth_of_a_real_face(grid_root):
    frames = read_video(grid_root / "s1" / "bbaf2n.mp4", gray=True)
    points = HaarTracker().track(frames)
    assert all(point is not None for point in points)
    assert np.abs(np.stack(points)[:, 3] - MOUTH_OF_BBAF2N).max() < 8


class Mark:
    def __init__(self, x, y):
        self.x, self.y = x, y


def fake_mediapipe(monkeypatch, faces):
    """The package, where every frame has these faces: (x, y, distance of the eyes), as shares."""

    class Graph:
        def __init__(self, **options):
            self.most = options.get("max_num_faces", 9)

        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda self, *error: None  # noqa: E731

        def process(self, frame):
            found = []
            for x, y, eyes in faces[: self.most]:
                four = [(x - eyes / 2, y), (x + eyes / 2, y), (x, y + eyes / 2), (x, y + eyes)]
                groups = zip(tracking_mediapipe._MESH_GROUPS, four, strict=True)
                marks = {index: Mark(*place) for group, place in groups for index in group}
                box = SimpleNamespace(width=3 * eyes)
                data = SimpleNamespace(
                    relative_bounding_box=box, relative_keypoints=[Mark(*p) for p in four]
                )
                found.append(SimpleNamespace(landmark=marks, location_data=data))
            return SimpleNamespace(multi_face_landmarks=found, detections=found)

    solutions = ModuleType("mediapipe.python.solutions")
    solutions.face_mesh = SimpleNamespace(FaceMesh=Graph)
    solutions.face_detection = SimpleNamespace(FaceDetection=Graph)
    for name in ("mediapipe", "mediapipe.python"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", solutions)


@pytest.mark.parametrize(
    ("face", "x", "note"),
    [
        (None, 0.7, "2 faces: the one that the face mesh prefers was followed"),
        (FacePlace(0.25, 0.5), 0.2, ""),
        (FacePlace(0.75, 0.5), 0.7, ""),
        (
            FacePlace(0.0, 1.0),
            0.2,
            "no face at the listed place (0 1): the nearest one was followed",
        ),
    ],
)
def test_mediapipe_takes_the_face_at_the_listed_place(monkeypatch, face, x, note):
    fake_mediapipe(monkeypatch, [(0.7, 0.4, 0.08), (0.2, 0.4, 0.05)])
    tracker = MediapipeTracker(face)
    points = tracker.track(np.repeat(BLANK[:3, :, :, None], 3, axis=3))
    assert [point[3, 0] / 160 for point in points] == pytest.approx([x] * 3)
    assert tracker.note == note


@pytest.mark.skipif(not mediapipe_is_usable(), reason="needs mediapipe 0.10.21")
def test_mediapipe_agrees_with_haar_on_a_real_face(grid_root):
    frames = read_video(grid_root / "s1" / "bbaf2n.mp4")[:20]
    mesh = make_tracker(RoiConfig(tracker="mediapipe")).track(frames)
    gray = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    haar = HaarTracker().track(gray)
    assert all(point is not None for point in mesh)
    assert np.abs(np.stack(mesh) - np.stack(haar)).max() < 8


@pytest.mark.skipif(not mediapipe_is_usable(), reason="needs mediapipe 0.10.21")
def test_mediapipe_sees_no_face_in_a_blank_clip():
    blank = np.repeat(BLANK[:3, :, :, None], 3, axis=3)
    assert make_tracker(RoiConfig(tracker="mediapipe")).track(blank) == [None] * 3


MOUTH_OF_BBAF2N = np.array([157.0, 216.0])
"""Read off the picture by eye; it moves by a few pixels."""
