from __future__ import annotations

import numpy as np
import pytest

from espnet_av.data.readers import video_augment
from espnet_av.errors import ConfigError


def clip(num_frames: int = 20, size: int = 96) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 100, (num_frames, size, size)).astype(np.uint8)


def test_random_crop_cuts_one_square_out_of_all_frames() -> None:
    frames = clip()
    places = set()
    for seed in range(200):
        cut = video_augment.random_crop(frames, 88, np.random.default_rng(seed))
        assert cut.shape == (20, 88, 88)
        matches = [
            (top, left)
            for top in range(9)
            for left in range(9)
            if np.array_equal(frames[0, top : top + 88, left : left + 88], cut[0])
            and np.array_equal(frames[:, top : top + 88, left : left + 88], cut)
        ]
        assert len(matches) == 1
        places.add(matches[0])
    tops, lefts = {top for top, _ in places}, {left for _, left in places}
    assert tops == lefts == set(range(9))


def test_centre_crop_starts_at_four() -> None:
    frames = clip()
    np.testing.assert_array_equal(video_augment.centre_crop(frames, 88), frames[:, 4:92, 4:92])
    np.testing.assert_array_equal(video_augment.centre_crop(frames, 96), frames)


def test_crop_larger_than_the_clip_is_an_error() -> None:
    with pytest.raises(
        ConfigError, match="video_crop is 100, but the clips of this dump are 96x96"
    ):
        video_augment.centre_crop(clip(), 100)


def test_flip_mirrors_columns_only() -> None:
    frames = clip(2)
    flipped = video_augment.flip(frames)
    np.testing.assert_array_equal(flipped[1, 3, 0], frames[1, 3, 95])
    np.testing.assert_array_equal(video_augment.flip(flipped), frames)


@pytest.mark.parametrize("num_frames", [0, 1, 9, 25, 26, 75])
def test_time_masks_grow_with_the_clip(num_frames: int) -> None:
    frames = clip(num_frames)
    before = frames.copy()
    counts = []
    for seed in range(100):
        masked = video_augment.mask_time(frames, 10, 25, np.random.default_rng(seed))
        changed = (masked != frames).any(axis=(1, 2))
        assert (masked[changed] == video_augment.MASK_GREY).all()
        counts.append(int(changed.sum()))
    np.testing.assert_array_equal(frames, before)
    assert max(counts) <= 10 * -(-num_frames // 25)
    if num_frames >= 25:
        assert np.mean(counts) == pytest.approx(5 * -(-num_frames // 25), rel=0.3)


@pytest.mark.parametrize("speed", [0.5, 0.9, 1.0, 1.1, 2.0])
@pytest.mark.parametrize("num_frames", [1, 2, 33, 100])
def test_speed_picks_the_nearest_frames(num_frames: int, speed: float) -> None:
    frames = np.arange(num_frames)
    changed = video_augment.change_speed(frames, speed)
    assert len(changed) == video_augment.num_frames_at(num_frames, speed)
    for index, picked in enumerate(changed):
        wanted = (index + 0.5) * speed
        assert picked == num_frames - 1 or picked <= wanted <= picked + 1


def test_no_frames_stay_no_frames() -> None:
    assert video_augment.num_frames_at(0, 0.9) == 0
    assert video_augment.num_frames_at(1, 2.0) == 1


def test_random_crop_reaches_every_place_and_stays_inside() -> None:
    generator = np.random.default_rng(0)
    rows = clip(1, 10)
    rows[0] = np.arange(100).reshape(10, 10)
    found = [video_augment.random_crop(rows, 8, generator) for _ in range(200)]
    assert {crop.shape for crop in found} == {(1, 8, 8)}
    assert {int(crop[0, 0, 0]) for crop in found} == {0, 1, 2, 10, 11, 12, 20, 21, 22}
