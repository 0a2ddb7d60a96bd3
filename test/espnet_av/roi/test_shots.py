"""Where films cut, and where they do not."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from media_samples import textured_frames

from espnet_av.media.video import write_video
from espnet_av.roi.pictures import Pictures
from espnet_av.roi.shots import Shot, find_shots, thumbnail
from espnet_av.synthesis.talking_face import render
from espnet_av.synthesis.talking_face_look import LOOKS
from espnet_av.synthesis.visemes import VISEMES

N = 40


def cuts(frames):
    shots = find_shots([thumbnail(frame) for frame in frames])
    assert shots[0].begin == 0 and shots[-1].end == len(frames)
    assert all(a.end == b.begin for a, b in pairwise(shots))
    return [shot.begin for shot in shots[1:]]


def scene(seed, num_frames=N):
    return textured_frames(num_frames, seed)[..., 0]


def mixed(first, second, shares):
    share = np.asarray(shares, np.float64)[:, None, None]
    return (first * (1 - share) + second * share).astype(np.uint8)


@pytest.mark.parametrize("at", [1, 2, 17, N - 2, N - 1])
@pytest.mark.parametrize("colours", [False, True])
def test_another_scene_is_a_cut(at, colours):
    first, second = (textured_frames(N, seed) for seed in (1, 2))
    frames = np.concatenate([first[:at], second[at:]])
    assert cuts(frames if colours else frames[..., 0]) == [at]


def test_two_cuts_and_black_between():
    frames = np.concatenate(
        [scene(1, 10), scene(2, 6), np.zeros((8, 128, 128), np.uint8), scene(3)]
    )
    assert cuts(frames) == [10, 16, 24]


@pytest.mark.parametrize("change", [(1.25, 0), (1.0, 16)])
def test_the_same_scene_nearer_or_aside_is_a_cut(change):
    zoom, shift = change
    frames = scene(1)
    matrix = np.array([[zoom, 0, 64 * (1 - zoom) + shift], [0, zoom, 64 * (1 - zoom)]])
    other = [cv2.warpAffine(f, matrix, (128, 128), borderMode=cv2.BORDER_REFLECT) for f in frames]
    assert cuts([*frames[:20], *other[20:]]) == [20]


def test_still_and_slowly_moving_pictures_have_none():
    assert cuts(scene(1)) == []
    assert cuts(np.repeat(scene(1)[:1], N, axis=0)) == []
    assert cuts(np.full((N, 64, 64), 90, np.uint8)) == []
    assert cuts(scene(1)[:1]) == []


def test_noise_has_none():
    noise = np.random.default_rng(0).integers(0, 256, (N, 96, 96)).astype(np.uint8)
    assert cuts(noise) == []
    grain = np.random.default_rng(0).normal(0, 12, (N, 128, 128))
    assert cuts(np.clip(scene(1) + grain, 0, 255).astype(np.uint8)) == []


@pytest.mark.parametrize("period", [1, 2, 5])
def test_flicker_is_no_cut(period):
    gain = np.where(np.arange(N) // period % 2, 0.6, 1.0)[:, None, None]
    assert cuts((scene(1) * gain).astype(np.uint8)) == []


@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_is_no_cut(length):
    frames = scene(1).copy()
    frames[20 : 20 + length] = np.clip(frames[20 : 20 + length] * 0.3 + 190, 0, 255)
    frames[20] = 250
    assert cuts(frames) == []


@pytest.mark.parametrize("length", [8, 12, 25])
def test_fades_are_no_cuts(length):
    ramp = np.clip((np.arange(N) - 5) / length, 0, 1)
    black = np.zeros_like(scene(1))
    assert cuts(mixed(black, scene(1), ramp)) == []
    assert cuts(mixed(scene(1), black, ramp)) == []
    assert cuts(mixed(scene(1), scene(2), ramp)) == []


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("every", [1, 2, 3, 4])
def test_movement_is_no_cut_at_any_rate_of_pictures(step, every):
    """A head of a third of the picture that goes to and fro; films of 25 to 6 pictures a second."""
    frames = np.repeat(scene(1)[:1], N, axis=0)
    head = scene(2, 1)[0, :44, :44]
    for index in range(N):
        place = 20 + abs(step * (index // every) * every % 80 - 40)
        frames[index, 40:84, place : place + 44] = head
    assert cuts(frames) == []


def test_a_pan_is_no_cut():
    canvas = cv2.resize(np.random.default_rng(3).integers(0, 256, (12, 60), np.uint8), (1200, 128))
    assert cuts([canvas[:, 10 * i : 10 * i + 128] for i in range(N)]) == []


def test_what_a_lost_key_frame_leaves_is_no_scene():
    """Mid grey with traces of the picture, which comes back at once."""
    frames = scene(1).copy()
    frames[:12] = np.clip((frames[:12].astype(float) - 128) * 0.1 + 130, 0, 255)
    frames[:12, :, ::2] = 130
    assert cuts(frames) == []


def test_talking_faces_have_none():
    shapes = np.array([viseme[:7] for viseme in VISEMES.values()])[:13].repeat(2, axis=0)
    assert cuts(render(shapes, LOOKS[0], np.random.default_rng(3))) == []


def test_real_clips_have_none(grid_root):
    paths = sorted((grid_root / "s1").glob("*.mp4"))[::60]
    assert [Pictures(path, gray=True).shots for path in paths] == [[Shot(0, 75)]] * len(paths)


def test_damaged_real_clips_have_none(grid_root):
    """Published so: the first has grey pictures at the beginning, the second a torn face later."""
    for name in ("brwa4p", "pbio7a"):
        assert Pictures(grid_root / "s1" / f"{name}.mp4", gray=True).shots == [Shot(0, 75)]


@pytest.mark.parametrize("kept_bytes", [2**28, 0])
def test_parts_are_the_pictures_of_a_shot(tmp_path, kept_bytes):
    frames = np.concatenate([scene(1, 60), scene(2, 20)])
    write_video(tmp_path / "a.mp4", frames, 25)
    pictures = Pictures(tmp_path / "a.mp4", start=0.4, gray=True, kept_bytes=kept_bytes)
    assert pictures.shots == [Shot(0, 50), Shot(50, 70)]
    whole = list(pictures)
    for shot in pictures.shots:
        for _ in range(2):
            part = list(pictures.part(shot))
            assert np.array_equal(part, whole[shot.begin : shot.end])
