"""Regions of one image, as a detector gives them: checked, ordered, boxes as shares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from espnet_av.data.array_problem import boxes_problem
from espnet_av.errors import ArrayError
from espnet_av.images.config import ImagesConfig

_SLACK_PIXELS = 1.0
"""Detectors round boxes up to the next pixel."""


class Regions(NamedTuple):
    """What is stored of an image."""

    features: np.ndarray
    """(R, D) float32."""
    boxes: np.ndarray
    """(R, 4) float32: x1 y1 x2 y2, shares of the width and height."""


class Detection(NamedTuple):
    """What a detector says of an image."""

    height: int
    width: int
    features: np.ndarray
    """(R, D) float32."""
    boxes: np.ndarray
    """(R, 4) float32: x1 y1 x2 y2 in pixels."""
    confidence: np.ndarray | None
    """(R,) of each region; None: not told."""


def to_regions(found: Detection, config: ImagesConfig) -> Regions:
    """The regions of a detection.

    Raises:
        ArrayError: it cannot be that of an image; the reason is named.
    """
    _check_sizes(found, config)
    size = np.array([found.width, found.height] * 2, np.float32)
    beyond = np.maximum(-found.boxes, found.boxes - size).max()
    if beyond > _SLACK_PIXELS:
        msg = (
            f"a box reaches {beyond:g} pixels beyond its image of {found.width} x {found.height}: "
            "are they the boxes of another image set, or height before width?"
        )
        raise ArrayError(msg, "box outside its image")
    if found.boxes.max() <= 1 and size.min() > 1:
        msg = (
            f"all boxes lie in the first pixel of an image of {found.width} x {found.height}: they "
            "are shares of it already; multiply them by width and height, boxes are in pixels"
        )
        raise ArrayError(msg, "boxes in shares, not pixels")
    boxes = np.clip(found.boxes / size, 0, 1)
    if problem := boxes_problem(boxes):
        raise ArrayError(problem.detail, problem.reason)
    if config.order == "file" or found.confidence is None:
        return Regions(found.features, boxes)
    # Stable: equal ones stay as the detector has them.
    order = np.argsort(-found.confidence, kind="stable")
    return Regions(found.features[order], boxes[order])


def _check_sizes(found: Detection, config: ImagesConfig) -> None:
    count = len(found.features)
    if min(found.height, found.width) < 1:
        msg = f"an image of {found.width} x {found.height} pixels"
        raise ArrayError(msg, "image without a size")
    if config.num_regions and count != config.num_regions:
        msg = f"{count} regions, num_regions is {config.num_regions}; 0 takes any number"
        raise ArrayError(msg, "another number of regions")
    if config.width and found.features.shape[1] != config.width:
        msg = f"{found.features.shape[1]} numbers a region, width is {config.width}"
        raise ArrayError(msg, "another width of features")
    if len(found.boxes) != count or not count:
        msg = f"{len(found.boxes)} boxes of {count} regions"
        raise ArrayError(msg, "another number of regions than its features")
    if found.confidence is not None and len(found.confidence) != count:
        msg = f"{len(found.confidence)} confidences of {count} regions"
        raise ArrayError(msg, "another number of regions than its features")
    parts = {"features": found.features, "boxes": found.boxes, "confidence": found.confidence}
    for name, array in parts.items():
        if array is not None and not np.isfinite(array).all():
            msg = f"{name} hold nan or inf; fetch them again"
            raise ArrayError(msg, "numbers that are not finite")
