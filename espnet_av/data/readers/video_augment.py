"""Training-time changes of a mouth clip: crop, flip, speed and time masks."""

from __future__ import annotations

import numpy as np

from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.errors import ConfigError

MASK_GREY = 107
"""Mean grey of mouth clips (0.421 * 255): what a masked frame shows."""


def change_speed(frames: np.ndarray, speed: float) -> np.ndarray:
    """Play a clip `speed` times as fast by picking frames; (V, ...) -> (about V / speed, ...)."""
    if speed == 1.0:
        return frames
    num_frames = num_frames_at(len(frames), speed)
    picked = ((np.arange(num_frames) + 0.5) * speed).astype(np.int64)
    return frames[np.minimum(picked, len(frames) - 1)]


def num_frames_at(num_frames: int, speed: float) -> int:
    """Frames left of `num_frames` when played `speed` times as fast; at least one."""
    return max(1, round(num_frames / speed)) if num_frames else 0


def random_crop(frames: np.ndarray, size: int, generator: np.random.Generator) -> np.ndarray:
    """Cut the same random square out of every frame; (V, H, W) -> (V, size, size)."""
    _check_crop(frames, size)
    top = int(generator.integers(frames.shape[1] - size + 1))
    left = int(generator.integers(frames.shape[2] - size + 1))
    return frames[:, top : top + size, left : left + size]


def centre_crop(frames: np.ndarray, size: int) -> np.ndarray:
    """Cut the middle square out of every frame; (V, H, W) -> (V, size, size)."""
    _check_crop(frames, size)
    top, left = (frames.shape[1] - size) // 2, (frames.shape[2] - size) // 2
    return frames[:, top : top + size, left : left + size]


def flip(frames: np.ndarray) -> np.ndarray:
    """Mirror every frame left to right."""
    return frames[:, :, ::-1]


def mask_time(
    frames: np.ndarray, max_length: int, every: int, generator: np.random.Generator
) -> np.ndarray:
    """Grey out one stretch of 0..`max_length` frames for every started `every` frames of a clip.

    The longer the clip, the more masks (auto_avsr's adaptive time mask: 10 and 25 frames).
    """
    masked = frames.copy()
    for _ in range(-(-len(frames) // every)):
        length = min(int(generator.integers(max_length + 1)), len(frames))
        start = int(generator.integers(len(frames) - length + 1))
        masked[start : start + length] = MASK_GREY
    return masked


def augment(
    frames: np.ndarray, config: DatasetConfig, generator: np.random.Generator
) -> np.ndarray:
    """What training does to the frames of a clip: crop, flip, time masks; (V, H, W) contiguous."""
    frames = random_crop(frames, config.video_crop, generator)
    if generator.random() < config.flip_prob:
        frames = flip(frames)
    if config.time_mask_frames:
        every = config.time_mask_every
        frames = mask_time(frames, config.time_mask_frames, every, generator)
    return np.ascontiguousarray(frames)


def _check_crop(frames: np.ndarray, size: int) -> None:
    if min(frames.shape[1:]) < size:
        msg = (
            f"video_crop is {size}, but the clips of this dump are {frames.shape[1]}x"
            f"{frames.shape[2]}; lower dataset.video_crop"
        )
        raise ConfigError(msg)
