"""From a face video to its mouth clip."""

import pickle
from functools import partial

import numpy as np
import pytest
from media_samples import face_points, numbered_frames, textured_frames

from espnet_av.media.video import read_video, write_video
from espnet_av.roi import extract as roi_extract
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import NoMouthError, extract_roi
from espnet_av.roi.geometry import mouth_roi
from espnet_av.roi.landmarks import smooth
from espnet_av.roi.pictures import Pictures
from espnet_av.synthesis.talking_face import render
from espnet_av.synthesis.talking_face_look import LOOKS
from espnet_av.synthesis.visemes import VISEMES

PRECOMPUTED = RoiConfig(tracker="precomputed")


def save_points(path, points):
    path.write_bytes(pickle.dumps(points))
    return str(path)


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, textured_frames(30), 25)
    return path


def test_gaps_are_filled_points_smoothed_and_mouths_cut(clip, tmp_path):
    rng = np.random.default_rng(0)
    points = [point + rng.normal(size=(4, 2)) for point in face_points(30)]
    missed = [None if i in (0, 7, 8, 29) else point for i, point in enumerate(points)]
    result = extract_roi(clip, PRECOMPUTED, landmarks=save_points(tmp_path / "p", missed))
    filled = np.stack(points)
    filled[0], filled[29] = points[1], points[28]
    filled[7] = points[6] + (points[9] - points[6]) / 3
    filled[8] = points[6] + (points[9] - points[6]) * 2 / 3
    expected = mouth_roi(read_video(clip, gray=True), smooth(filled, 12, keep_centre=True))
    assert np.array_equal(result.frames, expected)
    assert result.num_detected == 26
    assert result.share == pytest.approx(26 / 30)


def test_segment_takes_its_own_frames_and_points(clip, tmp_path):
    points = [point + i for i, point in enumerate(face_points(30, scale=0.2))]
    landmarks = save_points(tmp_path / "p", points)
    config = RoiConfig(tracker="precomputed", smoothing_window=0)
    whole = extract_roi(clip, config, landmarks=landmarks)
    part = extract_roi(clip, config, 0.4, 0.8, landmarks)
    assert np.array_equal(part.frames, whole.frames[10:20])


@pytest.mark.parametrize("tracker", ["precomputed", "haar", "fixed"])
def test_a_clip_too_large_to_be_held_gives_the_same(tmp_path, monkeypatch, tracker):
    path = tmp_path / "clip.mp4"
    shapes = np.array([viseme[:7] for viseme in VISEMES.values()])[:13]
    write_video(path, render(shapes, LOOKS[0], np.random.default_rng(3)), 25)
    landmarks = None
    if tracker == "precomputed":
        landmarks = save_points(tmp_path / "p", face_points(len(shapes)))
    config = RoiConfig(tracker=tracker)
    whole = extract_roi(path, config, landmarks=landmarks)
    monkeypatch.setattr(roi_extract, "Pictures", partial(Pictures, kept_bytes=0))
    found = extract_roi(path, config, landmarks=landmarks)
    assert np.array_equal(found.frames, whole.frames)
    assert found.num_detected == whole.num_detected > 0


def test_no_face_is_named(tmp_path):
    write_video(tmp_path / "a.mp4", numbered_frames(10), 25)
    with pytest.raises(NoMouthError, match=r"a\.mp4: no face in any of its 10 frames") as caught:
        extract_roi(tmp_path / "a.mp4", RoiConfig(tracker="haar"))
    assert caught.value.reason == "no_face"


def test_mouth_outside_the_picture_is_named(clip, tmp_path):
    landmarks = save_points(tmp_path / "p", face_points(30, scale=3.0))
    with pytest.raises(NoMouthError, match="outside the 128x128 picture") as caught:
        extract_roi(clip, PRECOMPUTED, landmarks=landmarks)
    assert caught.value.reason == "mouth_outside"


def test_a_real_clip_by_haar(grid_root):
    result = extract_roi(grid_root / "s1" / "bbaf2n.mp4", RoiConfig(tracker="haar"))
    assert result.frames.shape == (75, 96, 96)
    assert result.share == 1.0
    # The talker speaks: the mouth changes more than the nose above it.
    change = np.abs(np.diff(result.frames.astype(int), axis=0)).mean(axis=0)
    assert change[38:62, 30:66].mean() > 1.5 * change[:20, 30:66].mean()


@pytest.mark.parametrize("window", [0, 12])
def test_nothing_is_smoothed_or_filled_across_a_cut(tmp_path, window):
    """The face is elsewhere after the cut, and unseen about it."""
    here, there = face_points(20, scale=0.3), [p + 40 for p in face_points(20, scale=0.3)]
    frames = np.concatenate([textured_frames(20, 1), textured_frames(20, 2)])
    write_video(tmp_path / "a.mp4", frames, 25)
    seen = [None if 15 <= i < 26 else p for i, p in enumerate([*here, *there])]
    config = RoiConfig(tracker="precomputed", smoothing_window=window)
    result = extract_roi(tmp_path / "a.mp4", config, landmarks=save_points(tmp_path / "p", seen))
    expected = mouth_roi(read_video(tmp_path / "a.mp4", gray=True), np.stack([*here, *there]))
    assert np.array_equal(result.frames, expected)
    assert result.num_detected == 29
    assert result.note == "cuts to another camera at 0.80 s"


def test_a_shot_without_a_face_holds_the_place_of_the_nearest(tmp_path):
    here, there = face_points(10, scale=0.3), [p + 40 for p in face_points(10, scale=0.3)]
    frames = np.concatenate([textured_frames(10, seed) for seed in (1, 2, 3, 4)])
    write_video(tmp_path / "a.mp4", frames, 25)
    landmarks = save_points(tmp_path / "p", [*[None] * 10, *here, *[None] * 10, *there])
    result = extract_roi(tmp_path / "a.mp4", PRECOMPUTED, landmarks=landmarks)
    points = np.stack([*here, *here, *here, *there])
    assert np.array_equal(
        result.frames, mouth_roi(read_video(tmp_path / "a.mp4", gray=True), points)
    )
    assert result.share == 0.5


def test_haar_follows_the_face_to_another_place_of_the_picture(tmp_path):
    shapes = np.array([viseme[:7] for viseme in VISEMES.values()])[:13].repeat(2, axis=0)
    face = render(shapes, LOOKS[0], np.random.default_rng(3))
    height, width = face.shape[1:3]
    frames = np.full((26, height, 2 * width, 3), 40, np.uint8)
    frames[:12, :, :width], frames[12:, :, width:] = face[:12], face[12:]
    write_video(tmp_path / "a.mp4", frames, 25)
    write_video(tmp_path / "b.mp4", face, 25)
    found, plain = (
        extract_roi(tmp_path / n, RoiConfig(tracker="haar")) for n in ("a.mp4", "b.mp4")
    )
    alike = [
        np.corrcoef(a.ravel(), b.ravel())[0, 1]
        for a, b in zip(found.frames, plain.frames, strict=True)
    ]
    assert min(alike) > 0.6
    assert found.note == "cuts to another camera at 0.48 s"
    assert plain.note == ""


@pytest.mark.parametrize(("seen", "least"), [(1, 0.2), (3, 0.2), (5, 0.2), (14, 0.5)])
def test_a_face_in_few_frames_is_named(clip, tmp_path, seen, least):
    points = [p if i < seen else None for i, p in enumerate(face_points(30))]
    landmarks = save_points(tmp_path / "p", points)
    config = RoiConfig(tracker="precomputed", min_share=least)
    with pytest.raises(NoMouthError, match=rf"seen in {seen} of its 30 .*min_share {least}") as e:
        extract_roi(clip, config, landmarks=landmarks)
    assert e.value.reason == "face_seldom_seen"
    lenient = RoiConfig(tracker="precomputed", min_share=seen / 30)
    assert extract_roi(clip, lenient, landmarks=landmarks).num_detected == seen


@pytest.mark.parametrize(
    "wrong",
    [
        {"detect_every": 0},
        {"detect_side": 5},
        {"shard_utts": 0},
        {"max_dropped_ratio": 1.5},
        {"min_share": -0.1},
        {"min_share": 2.0},
        {"size": 2},
        {"smoothing_window": -1},
        {"fixed_crop": (0.5, 0.5, 0.0)},
    ],
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RoiConfig(**wrong)
