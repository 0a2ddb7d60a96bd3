"""Training-time changes of a film: one random crop for all of its frames, and mirroring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from espnet_av.data.film import resized

_TRIES = 10


class FilmPart(NamedTuple):
    """Part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int


def middle_square(height: int, width: int) -> FilmPart:
    """The largest square in the middle of a picture."""
    side = min(height, width)
    return FilmPart((height - side) // 2, (width - side) // 2, side, side)


def random_part(
    height: int,
    width: int,
    scale: tuple[float, float],
    ratio: tuple[float, float],
    generator: np.random.Generator,
) -> FilmPart:
    """Draws a part of a picture, as torchvision's RandomResizedCrop does.

    Args:
        height: of the picture.
        width: of the picture.
        scale: least and largest share of its area.
        ratio: least and largest width / height.
        generator: what is drawn from.

    Returns:
        a part that lies inside; where none of the ten drawn ones does, the largest in the middle
        whose shape is allowed.
    """
    lowest, highest = math.log(ratio[0]), math.log(ratio[1])
    for _ in range(_TRIES):
        area = height * width * generator.uniform(*scale)
        shape = math.exp(generator.uniform(lowest, highest))
        wide, high = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < wide <= width and 0 < high <= height:
            top = int(generator.integers(height - high + 1))
            left = int(generator.integers(width - wide + 1))
            return FilmPart(top, left, high, wide)
    high, wide = height, width
    if width / height < ratio[0]:
        high = max(1, round(width / ratio[0]))
    elif width / height > ratio[1]:
        wide = max(1, round(height * ratio[1]))
    return FilmPart((height - high) // 2, (width - wide) // 2, high, wide)


def cut_and_resize(
    pictures: Sequence[np.ndarray], box: FilmPart, size: int, mirrored: bool
) -> np.ndarray:
    """The same part of all pictures, each (H, W, 3) uint8 -> (F, size, size, 3)."""
    bottom, right = box.top + box.height, box.left + box.width
    made = {
        id(picture): resized(picture[box.top : bottom, box.left : right], size, size)
        for picture in pictures
    }
    frames = np.stack([made[id(picture)] for picture in pictures])
    return np.ascontiguousarray(frames[:, :, ::-1]) if mirrored else frames
