"""Shapes of pictures: pixels that are not square (720 x 576 at 16:9, HDV), sizes that change."""

from __future__ import annotations

import logging

import av
import cv2
import numpy as np

logger = logging.getLogger(__name__)

_SQUARE_WITHIN = 0.01
"""Encoders write ratios such as 1280:1279 for square ones; to stretch these would only blur."""
_MOST = 3.0
"""Wider than any lens or standard makes them: a damaged header."""


def pixel_ratio(stream: av.VideoStream) -> float:
    """Width of a stored pixel through its height; 1 where it is square, unknown or absurd.

    The container's word counts before that of the coded pictures, as for players.
    """
    stated = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if not stated or abs(stated - 1) <= _SQUARE_WITHIN:
        return 1.0
    if not 1 / _MOST <= stated <= _MOST:
        logger.warning(
            "%s: pixels of shape %s are taken for square ones", stream.container.name, stated
        )
        return 1.0
    return float(stated)


def with_square_pixels(picture: np.ndarray, ratio: float) -> np.ndarray:
    """Stretch the shorter side of the pixels, so that nothing is lost.

    Args:
        picture: (H, W) or (H, W, 3) uint8 as it is stored.
        ratio: see `pixel_ratio`; 1 leaves it as it is.

    Returns:
        (H, W') or (H', W) uint8, or the same with 3 colours.
    """
    if ratio == 1.0:
        return picture
    height, width = picture.shape[:2]
    size = (round(width * max(ratio, 1.0)), round(height / min(ratio, 1.0)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)


def with_shape_of(picture: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Scale a picture into the frame of the first one, in the middle and with black beside it.

    Video calls change their size with the connection, and phones turn; players do the same.

    Args:
        picture: (H', W') or (H', W', 3) uint8.
        first: (H, W) or (H, W, 3) uint8.

    Returns:
        (H, W) or (H, W, 3) uint8.
    """
    if picture.shape == first.shape:
        return picture
    (height, width), (old_height, old_width) = first.shape[:2], picture.shape[:2]
    scale = min(height / old_height, width / old_width)
    size = (min(round(old_width * scale), width), min(round(old_height * scale), height))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    framed = np.zeros_like(first)
    framed[top : top + size[1], left : left + size[0]] = cv2.resize(
        picture, size, interpolation=method
    )
    return framed
