"""The mouth region: a similarity transform to a mean face and a crop round the mouth."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

MEAN_FACE = np.array([(102.07, 94.27), (156.36, 93.58), (129.00, 135.90), (129.31, 157.82)])
"""Right eye, left eye, nose and mouth of the mean face on a 256 x 256 canvas; the points that
AV-HuBERT (arXiv 2201.02184) and Auto-AVSR (arXiv 2303.14307) align to."""

ROI_SIZE = 96
_MOUTH = 3


def similarity(source: np.ndarray, target: np.ndarray = MEAN_FACE) -> np.ndarray:
    """Least-squares similarity transforms (rotation, scale, shift) from points to points.

    Args:
        source: (V, N, 2) float, points of each frame; N >= 2 and not all the same.
        target: (N, 2) float.

    Returns:
        (V, 2, 3) float64; `matrix @ (x, y, 1)` maps source points to target points.
    """
    source_mean = source.mean(axis=1, keepdims=True)
    target_mean = target.mean(axis=0)
    x, y = np.moveaxis(source - source_mean, 2, 0)  # (V, N, 2) -> 2 x (V, N)
    u, v = (target - target_mean).T
    power = np.maximum((x**2 + y**2).sum(axis=1), np.finfo(np.float64).tiny)
    a = (x * u + y * v).sum(axis=1) / power
    b = (x * v - y * u).sum(axis=1) / power
    linear = np.stack([np.stack([a, -b], axis=1), np.stack([b, a], axis=1)], axis=1)
    shift = target_mean[None, :, None] - linear @ source_mean.transpose(0, 2, 1)
    return np.concatenate([linear, shift], axis=2)


def mouth_roi(frames: Iterable[np.ndarray], points: np.ndarray, size: int = ROI_SIZE) -> np.ndarray:
    """Cut the mouth out of every frame, upright and at the mean face's scale.

    Args:
        frames: V of (H, W) uint8 grey or (H, W, 3) uint8 RGB.
        points: (V, 4, 2) float, right eye, left eye, nose, mouth in pixels of `frames`.
        size: side of the crop in pixels of the 256 x 256 canvas.

    Returns:
        (V, size, size) uint8 grey with the mouth at the centre; edge pixels repeat outwards.
    """
    matrices = similarity(points)
    mouth = np.concatenate([points[:, _MOUTH], np.ones((len(points), 1))], axis=1)
    centre = np.einsum("vij,vj->vi", matrices, mouth)
    # Warping straight into the crop costs one small warp a frame instead of a whole canvas.
    matrices[:, :, 2] += (size - 1) / 2 - centre
    rois = np.empty((len(points), size, size), np.uint8)
    for frame, matrix, roi in zip(frames, matrices, rois, strict=True):
        gray = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        gray, matrix = _shrink(gray, matrix)
        cv2.warpAffine(gray, matrix, (size, size), roi, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
    return rois


def mouth_is_inside(points: np.ndarray, height: int, width: int, margin: float) -> bool:
    """True when the mouth is never more than `margin` pixels outside the picture."""
    x, y = points[:, _MOUTH].T
    inside_x = (x >= -margin) & (x <= width - 1 + margin)
    return bool((inside_x & (y >= -margin) & (y <= height - 1 + margin)).all())


def _shrink(gray: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average blocks of pixels first where the warp would skip pixels and so alias."""
    factor = int(1 / max(float(np.hypot(*matrix[:, 0])), 1e-3))
    height, width = gray.shape[0] // max(factor, 1), gray.shape[1] // max(factor, 1)
    if factor < 2 or height == 0 or width == 0:
        return gray, matrix
    small = cv2.resize(
        gray[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA
    )
    # Pixel centre i of the small picture lies at i * factor + (factor - 1) / 2 of the large one.
    linear = matrix[:, :2] * factor
    shift = matrix[:, 2] + matrix[:, :2].sum(axis=1) * (factor - 1) / 2
    return small, np.concatenate([linear, shift[:, None]], axis=1)
