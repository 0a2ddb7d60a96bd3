"""A talking face: mouth shapes in, pictures out."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np

from espnet_av.rates import FRAME_HZ
from espnet_av.synthesis.talking_face_canvas import Canvas
from espnet_av.synthesis.talking_face_head import (
    CENTRE_X,
    CHIN_Y,
    EYE_Y,
    MOUTH_Y,
    SCALE,
    SIZE,
    draw_background,
    draw_head,
)
from espnet_av.synthesis.talking_face_look import Look
from espnet_av.synthesis.talking_face_mouth import draw_mouth

_PATCH_X, _PATCH_Y, _PATCH_WIDTH, _PATCH_HEIGHT = 76, 136, 72, 48
"""Part of the head that holds the mouth in every shape."""
_CHIN_DROP = 9.0
"""Pixels by which the chin falls when the mouth is wide open."""
_BLINK = (0.5, 1.0, 1.0, 0.5)
_BLINK_PER_FRAME = 1 / 80
_EYELIDS = (0.0, 0.5, 1.0)
_NOISE = 1.5
"""Standard deviation of the camera's noise, in grey levels."""
_NOISE_MARGIN = 64


def render(
    shapes: np.ndarray, look: Look, rng: np.random.Generator, blur: float = 0.0
) -> np.ndarray:
    """Draw a speaking head that also blinks and sways a little.

    Args:
        shapes: (V, 7) float, mouth shapes as `mouth_motion` gives them.
        look: of the speaker.
        rng: source of blinks, pose and camera noise; drawn from equally whatever `shapes` are.
        blur: standard deviation of a Gaussian blur, in pixels.

    Returns:
        frames: (V, 224, 224, 3) uint8 RGB.
    """
    num_frames = len(shapes)
    eyelids = _blinks(num_frames, rng)
    poses = _sway(num_frames, rng)
    offsets = rng.integers(0, _NOISE_MARGIN, (num_frames, 2))
    brighter, darker = _camera_noise()
    background = _background(look)
    frames = np.empty((num_frames, SIZE, SIZE, 3), np.uint8)
    for index in range(num_frames):
        shape = shapes[index]
        head = _talking_head(look, float(eyelids[index]), shape)
        moved = _move(head, poses[index], _CHIN_DROP * float(shape[0]))
        gap = cv2.cvtColor(255 - moved[..., 3], cv2.COLOR_GRAY2RGB)
        picture = cv2.add(moved[..., :3], cv2.multiply(background, gap, scale=1 / 255))
        if blur > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), blur)
        top, left = (int(value) for value in offsets[index])
        window = np.s_[top : top + SIZE, left : left + SIZE]
        picture = cv2.add(picture, brighter[window])
        frames[index] = cv2.subtract(picture, darker[window])
    return frames


@cache
def _background(look: Look) -> np.ndarray:
    return draw_background(look)


@cache
def _head(look: Look, eyelids: float) -> tuple[np.ndarray, np.ndarray]:
    """Head as shown (SIZE, SIZE, 4), and its skin around the mouth as drawn, large."""
    large = draw_head(look, eyelids)
    rows = slice(_PATCH_Y * SCALE, (_PATCH_Y + _PATCH_HEIGHT) * SCALE)
    columns = slice(_PATCH_X * SCALE, (_PATCH_X + _PATCH_WIDTH) * SCALE)
    patch = np.ascontiguousarray(large[rows, columns, :3])
    return cv2.resize(large, (SIZE, SIZE), interpolation=cv2.INTER_AREA), patch


@cache
def _camera_noise() -> tuple[np.ndarray, np.ndarray]:
    """What to add to and what to take from a picture; pictures use different windows of it."""
    side = SIZE + _NOISE_MARGIN
    noise = np.random.default_rng(0).normal(0, _NOISE, (side, side, 1))
    levels = np.repeat(np.rint(noise), 3, axis=2)
    return np.maximum(levels, 0).astype(np.uint8), np.maximum(-levels, 0).astype(np.uint8)


def _talking_head(look: Look, eyelids: float, shape: np.ndarray) -> np.ndarray:
    head, patch = _head(look, eyelids)
    canvas = Canvas(patch.copy(), SCALE, (_PATCH_X, _PATCH_Y))
    draw_mouth(canvas, look, shape)
    size = (_PATCH_WIDTH, _PATCH_HEIGHT)
    head = head.copy()
    head[_PATCH_Y : _PATCH_Y + _PATCH_HEIGHT, _PATCH_X : _PATCH_X + _PATCH_WIDTH, :3] = cv2.resize(
        canvas.pixels, size, interpolation=cv2.INTER_AREA
    )
    return head


def _move(head: np.ndarray, pose: np.ndarray, chin_drop: float) -> np.ndarray:
    """Lower the chin, then turn, scale and shift the head; pose: (4,) angle, scale - 1, x, y."""
    # Python floats, which leave float32 arrays float32.
    angle, growth, shift_x, shift_y = (float(value) for value in pose)
    cosine, sine = math.cos(angle) / (1 + growth), math.sin(angle) / (1 + growth)
    pivot_x, pivot_y = CENTRE_X, (EYE_Y + CHIN_Y) / 2
    pixels = np.arange(SIZE, dtype=np.float32)
    x, y = pixels[None, :] - (pivot_x + shift_x), pixels[:, None] - (pivot_y + shift_y)
    map_x = cosine * x + (sine * y + pivot_x)
    map_y = (cosine * y + pivot_y) - sine * x
    map_y -= chin_drop * np.clip((map_y - MOUTH_Y) * (1 / (CHIN_Y - MOUTH_Y)), 0, 1)
    return cv2.remap(head, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _blinks(num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """How shut the eyes are, (V,) values of `_EYELIDS`."""
    eyelids = np.zeros(num_frames)
    for start in np.flatnonzero(rng.random(num_frames) < _BLINK_PER_FRAME):
        shut = eyelids[start : start + len(_BLINK)]
        shut[:] = np.maximum(shut, _BLINK[: len(shut)])
    return eyelids


def _sway(num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Slow head movement, (V, 4): angle in radians, growth, x and y in pixels."""
    sizes = np.array([0.035, 0.02, 3.0, 2.5])
    start = rng.uniform(-1, 1, 4) * sizes
    frequencies = rng.uniform(0.1, 0.5, (2, 4))
    phases = rng.uniform(0, 2 * np.pi, (2, 4))
    times = np.arange(num_frames)[:, None] / FRAME_HZ
    waves = np.sin(2 * np.pi * frequencies[:, None] * times + phases[:, None]).sum(axis=0)
    return start + 0.5 * sizes * waves
