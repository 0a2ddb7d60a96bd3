"""Regions of a picture, found in its pixels alone, and their features by a fixed random network."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

import cv2
import numpy as np

from espnet_av.corpora.mini_coco.picture import render
from espnet_av.corpora.mini_coco.scene import draw_scenes

NUM_REGIONS = 36
"""As many as the published region features have."""
_CROP = 32
"""Pixels of a side that the network sees."""
_MARGIN = 0.08
_MIN_CONTRAST, _MIN_AREA = 28.0, 0.0008
_KERNELS = ((5, 3, 48), (3, 48, 96))
"""Side, channels in, channels out; both move by two pixels."""
_POOL = 2
_NETWORK_SEED = 20220214
_NUM_PICTURES, _SIDE = 32, 160
"""Of those that features are standardised by."""


def find_regions(picture: np.ndarray) -> np.ndarray:
    """Boxes, (36, 4) float32 x1 y1 x2 y2 in shares of width and height, most salient first.

    What stands out of the background comes first, by area and contrast; boxes of a fixed grid,
    from the whole picture to its sixteenths, fill the rest and show mostly background.

    Args:
        picture: (H, W, 3) uint8 RGB.
    """
    height, width = picture.shape[:2]
    contrast = np.abs(picture - _smooth_background(picture)).max(2)
    mask = (contrast > _MIN_CONTRAST).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for index in range(1, count):
        left, top, wide, high, area = stats[index].tolist()
        if area >= _MIN_AREA * height * width:
            salience = float(contrast[labels == index].sum())
            corners = (left, top, left + wide, top + high)
            found.append((salience, np.array(corners) / (width, height, width, height)))
    found.sort(key=lambda item: -item[0])
    boxes = [box for _, box in found[:NUM_REGIONS]]
    return np.array([*boxes, *_grid()][:NUM_REGIONS], dtype=np.float32)


def region_features(picture: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """(R, size) float32: what a random convolutional network, always the same, makes of the crops.

    Standardised by what it makes of pictures that are always the same too: it answers everything
    with much the same, and without this all pictures look alike to a model for long.

    Args:
        picture: (H, W, 3) uint8 RGB.
        boxes: (R, 4) as `find_regions` gives them.
        size: D.
    """
    mean, spread = _usual(size)
    return (_answers(picture, boxes, size) - mean) / spread


@lru_cache(maxsize=2)
def _usual(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation, (size,) float32 each, of the regions of some pictures."""
    rng = np.random.default_rng(_NETWORK_SEED)
    pictures = [render(scene, _SIDE, rng) for scene in islice(draw_scenes(rng), _NUM_PICTURES)]
    answers = np.concatenate([_answers(each, find_regions(each), size) for each in pictures])
    return answers.mean(0), answers.std(0)


def _answers(picture: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """(R, size) float32, as the network gives them."""
    crops = np.stack([_crop(picture, box) for box in boxes])
    kernels, projection = _network(size)
    hidden = crops.astype(np.float32) / 127.5 - 1.0
    for kernel in kernels:
        hidden = np.maximum(_convolve(hidden, kernel), 0.0)
    side = hidden.shape[1] // _POOL
    cut = hidden[:, : side * _POOL, : side * _POOL]
    pooled = cut.reshape(len(cut), _POOL, side, _POOL, side, -1).mean((2, 4))
    features: np.ndarray = pooled.reshape(len(cut), -1) @ projection
    return features


def _smooth_background(picture: np.ndarray) -> np.ndarray:
    """A plane for each colour, fitted to what is near it."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].reshape(2, -1)
    basis = np.stack([np.ones_like(rows), rows, columns], 1)
    pixels = picture.reshape(-1, 3).astype(np.float64)
    plane = np.broadcast_to(np.median(pixels, 0), pixels.shape)
    for limit in (45.0, 25.0, 15.0):
        near = np.abs(pixels - plane).max(1) < limit
        if near.sum() < len(near) // 20:
            break
        plane = basis @ np.linalg.lstsq(basis[near], pixels[near], rcond=None)[0]
    return plane.reshape(height, width, 3)


@lru_cache(maxsize=1)
def _grid() -> tuple[np.ndarray, ...]:
    boxes = [
        np.array([column, row, column + 1, row + 1]) / parts
        for parts in range(1, 5)
        for row in range(parts)
        for column in range(parts)
    ]
    halves = [(0, 0, 1, 2), (1, 0, 2, 2), (0, 0, 2, 1), (0, 1, 2, 2)]
    return (*boxes, *(np.array(half) / 2 for half in halves), *boxes[1:3])


def _crop(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    left, top, right, bottom = box * (width, height, width, height)
    wide, high = (right - left) * _MARGIN, (bottom - top) * _MARGIN
    first = max(0, int(left - wide)), max(0, int(top - high))
    last = min(width, int(np.ceil(right + wide))), min(height, int(np.ceil(bottom + high)))
    cut = picture[first[1] : last[1], first[0] : last[0]]
    return cv2.resize(cut, (_CROP, _CROP), interpolation=cv2.INTER_AREA)


@lru_cache(maxsize=2)
def _network(size: int) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(_NETWORK_SEED)
    kernels = [
        rng.normal(0, np.sqrt(2 / (side * side * given)), (side * side * given, made))
        for side, given, made in _KERNELS
    ]
    inputs = _POOL * _POOL * _KERNELS[-1][2]
    projection = rng.normal(0, np.sqrt(4 / inputs), (inputs, size))
    return [kernel.astype(np.float32) for kernel in kernels], projection.astype(np.float32)


def _convolve(images: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(B, H, W, C) -> (B, H', W', C') without padding, in steps of two."""
    side = int(np.sqrt(len(kernel) // images.shape[3]))
    patches = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    patches = patches[:, ::2, ::2]
    result: np.ndarray = patches.reshape(*patches.shape[:3], -1) @ kernel
    return result
