"""A scene as a picture: shapes on a background that is grey, uneven and noisy."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from espnet_av.corpora.mini_coco.language import SHAPES
from espnet_av.corpora.mini_coco.scene import Scene, Thing

_RGB = {
    "red": (215, 40, 40), "green": (40, 160, 60), "blue": (45, 70, 215), "yellow": (240, 215, 40),
    "black": (18, 18, 18), "white": (245, 245, 245), "purple": (135, 45, 160),
    "orange": (240, 130, 30),
}  # fmt: skip
_RADIUS = (0.42, 0.24)
"""Of big and small things, in cells."""
_ZOOM = 4
"""Drawn so much larger first, for smooth edges."""
_COLOUR_JITTER, _BACKGROUND, _TINT, _SLOPE, _NOISE = 12, (110, 165), 10, 14, 3.0


def render(scene: Scene, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a scene, (size, size, 3) uint8 RGB; `rng` draws what captions say nothing of."""
    canvas = _background(size * _ZOOM, rng)
    for thing in scene:
        _draw(canvas, thing, rng)
    small = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    noisy = small + rng.normal(0, _NOISE, small.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _background(size: int, rng: np.random.Generator) -> np.ndarray:
    colour = rng.uniform(*_BACKGROUND) + rng.uniform(-_TINT, _TINT, 3)
    across, down = rng.uniform(-_SLOPE, _SLOPE, 2)
    ramp = np.linspace(-1, 1, size)
    light = across * ramp[np.newaxis] + down * ramp[:, np.newaxis]
    filled: np.ndarray = (light[..., np.newaxis] + colour).astype(np.float32)
    return filled


def _draw(canvas: np.ndarray, thing: Thing, rng: np.random.Generator) -> None:
    cell = len(canvas) / 3
    radius = _RADIUS[thing.size] * cell * rng.uniform(0.93, 1.0)
    row, column = divmod(thing.place, 3)
    slack = 0.5 * cell - radius
    centre = np.array([column + 0.5, row + 0.5]) * cell + rng.uniform(-slack, slack, 2)
    turn = np.deg2rad(rng.uniform(-12, 12))
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    outline = _OUTLINES[SHAPES[thing.shape]]() @ spin.T * radius + centre
    colour = list(_RGB.values())[thing.colour] + rng.uniform(-_COLOUR_JITTER, _COLOUR_JITTER, 3)
    cv2.fillPoly(canvas, [np.rint(outline).astype(np.int32)], colour.clip(0, 255).tolist())


def _circle() -> np.ndarray:
    return _points(np.linspace(0, 2 * np.pi, 64, endpoint=False))


def _square() -> np.ndarray:
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.85


def _triangle() -> np.ndarray:
    return np.array([[0, -1], [0.95, 0.8], [-0.95, 0.8]])


def _star() -> np.ndarray:
    corners = _points(np.arange(10) * np.pi / 5 - np.pi / 2)
    corners[1::2] *= 0.42
    return corners


def _heart() -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    down = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    return np.stack([16 * np.sin(turn) ** 3, -down], 1) / 17


def _cross() -> np.ndarray:
    arm = 0.33
    quarter = np.array([[arm, -1], [arm, -arm], [1, -arm]])
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in _QUARTERS]
    return np.concatenate([quarter @ turn.T for turn in turns])


def _moon() -> np.ndarray:
    outer = _points(np.linspace(-0.6 * np.pi, 0.6 * np.pi, 40) + np.pi)
    inner = _points(np.linspace(0.75 * np.pi, -0.75 * np.pi, 40) + np.pi) * 0.75 + [0.42, 0]
    return np.concatenate([outer, inner])


def _arrow() -> np.ndarray:
    half = np.array([[-1, -0.3], [0.1, -0.3], [0.1, -0.85], [1, 0]])
    return np.concatenate([half, half[-2::-1] * [1, -1]])


def _points(turns: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(turns), np.sin(turns)], 1)


_QUARTERS = np.arange(4) * np.pi / 2
_OUTLINES: dict[str, Callable[[], np.ndarray]] = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star,
    "heart": _heart, "cross": _cross, "moon": _moon, "arrow": _arrow,
}  # fmt: skip
"""Corners in a circle of radius 1."""
