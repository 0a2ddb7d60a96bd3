"""Where a film cuts from one camera to another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

_SIZE = (32, 24)
_FINE_SIDE = 64
"""Pictures are thinned out to about this many rows before they are averaged: it is far cheaper."""
_NOISE_POWER = 16.0
"""Of pictures that are nearly flat (a fade's black), where four grey levels are no difference."""
_MIN_CHANGE = 0.2
"""Least change of a cut. On 200 clips of GRID the largest between neighbours is 0.002; a picture
that is zoomed by 1.2, or shifted by a twentieth, has 0.25 to 0.3."""
_MIN_DIFFERENCE = 10.0
"""Least difference in grey levels (root mean square, brightness apart): a fade begins with less."""
_LOST_GREY, _LOST_SLACK, _LOST_SPREAD = 129.0, 6.0, 15.0
"""Mean and spread of what decoders show of a stream that begins without its key frame: mid grey
with traces of the picture."""
_MIN_RATIO, _REACH = 3.0, 4
"""A cut is a change this many times as large as any within so many frames on either side. Movement
lasts longer than one frame; a flash comes and goes; films of 8 pictures a second move by jerks."""


class Shot(NamedTuple):
    """Frames begin .. end - 1, seen by one camera."""

    begin: int
    end: int


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """(24, 32) float32 grey of a picture, (H, W) uint8 grey or (H, W, 3) uint8 RGB."""
    step = max(1, min(picture.shape[:2]) // _FINE_SIDE)
    thin = np.ascontiguousarray(picture[::step, ::step])
    small = cv2.resize(thin, _SIZE, interpolation=cv2.INTER_AREA)
    return (small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)).astype(
        np.float32
    )


def find_shots(thumbnails: Sequence[np.ndarray]) -> list[Shot]:
    """Cut a film where the picture changes at once.

    Pictures are compared as they are without their brightness and contrast, so that flicker and
    fades are no cuts. A fade from one scene to another is none either.

    Args:
        thumbnails: V >= 1 of `thumbnail`.
    """
    flat = np.stack(thumbnails).reshape(len(thumbnails), -1).astype(np.float64)
    mean = flat.mean(axis=1)
    flat -= mean[:, None]
    if abs(mean[0] - _LOST_GREY) < _LOST_SLACK and flat[0].std() < _LOST_SPREAD:
        # What changes at once in such a clip is a part of the picture that comes back.
        return [Shot(0, len(flat))]
    difference = np.sqrt((np.diff(flat, axis=0) ** 2).mean(axis=1))
    changes = _changes(flat)
    large = (changes >= _MIN_CHANGE) & (difference >= _MIN_DIFFERENCE)
    cuts = [
        index + 1
        for index in np.nonzero(large)[0].tolist()
        if changes[index] >= _MIN_RATIO * _others(changes, index)
    ]
    edges = [0, *cuts, len(thumbnails)]
    return [Shot(begin, end) for begin, end in pairwise(edges)]


def _changes(flat: np.ndarray) -> np.ndarray:
    """(V - 1,) one minus the correlation of neighbours, 0..2; `flat` is (V, N) of mean 0."""
    power = (flat**2).mean(axis=1) + _NOISE_POWER
    common = (flat[1:] * flat[:-1]).mean(axis=1) + _NOISE_POWER
    return 1 - common / np.sqrt(power[1:] * power[:-1])


def _others(changes: np.ndarray, index: int) -> float:
    """The largest change near one, without it."""
    before, after = changes[max(0, index - _REACH) : index], changes[index + 1 : index + 1 + _REACH]
    return float(np.concatenate([before, after]).max(initial=0.0))
