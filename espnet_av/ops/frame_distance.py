"""Distances between frames as inner products: what is done to each frame beforehand."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np

DistanceName = Literal["angular", "euclidean", "kl"]
DISTANCES: tuple[DistanceName, ...] = get_args(DistanceName)
_EPSILON = 1e-6
_SUM_TOLERANCE = 1e-2
_SMALL, _LARGE = 1e-12, 1e12
"""Numbers between these have squares with all their digits."""
_BLOCK = 128
"""Frames that are gone over several times while they are in the cache."""


class Prepared(NamedTuple):
    """Frames of which inner products tell the distances."""

    left: np.ndarray
    """(N, D) float32."""
    right: np.ndarray
    """(N, D) float32, the same array where the product is of a frame with itself."""
    own: np.ndarray
    """(N,) float32, what a frame adds by itself."""
    num_silent: int = 0
    """Frames of zeros, where these have no distance of their own."""


def prepare(frames: np.ndarray, distance: DistanceName) -> Prepared:
    """Make frames ready for a distance; their array may be written over.

    - angular: arccos of the cosine / pi. A frame of zeros is taken for one of equal numbers.
    - euclidean: from about the mean of all frames, which moves no distance and saves digits; from a
      round number, so that whole numbers and one-hot frames keep distances that are equal exactly.
    - kl: 0.5 (KL(p, q) + KL(q, p)) of distributions, with 1e-6 under the logarithm.

    Args:
        frames: (N, D) float32, finite, C-contiguous.
        distance: its name.

    Raises:
        ValueError: `kl` of frames that are no distributions; the first is named.
    """
    if distance == "angular":
        parts = (frames[n : n + _BLOCK] for n in range(0, len(frames), _BLOCK))
        num_silent = sum(_to_directions(part) for part in parts)
        return Prepared(frames, frames, np.zeros(len(frames), np.float32), num_silent)
    if distance != "kl":
        _scale(frames, distance)
    if distance == "euclidean":
        frames -= _round_mean(frames)
        return Prepared(frames, frames, np.einsum("nd,nd->n", frames, frames))
    odd = (frames < 0).any(axis=1) | (np.abs(frames.sum(axis=1) - 1) > _SUM_TOLERANCE)
    if odd.any():
        first = int(odd.nonzero()[0][0])
        low, total = float(frames[first].min()), float(frames[first].sum())
        msg = f"frame {first} is no distribution: its smallest number is {low:g}, its sum {total:g}"
        raise ValueError(msg)
    logs = np.log(frames + np.float32(_EPSILON))
    # Moves no distance between distributions, and saves digits near 0.
    logs -= logs.mean(axis=1, keepdims=True)
    own = np.einsum("nd,nd->n", frames, logs)
    return Prepared(np.hstack([frames, logs]), np.hstack([logs, frames]), own)


def _to_directions(frames: np.ndarray) -> int:
    """Bring frames to length 1, in place; how many of them are zeros."""
    square = np.einsum("nd,nd->n", frames, frames)
    if not ((frames.shape[1] * _SMALL**2 < square) & (square < _LARGE**2)).all():
        _scale(frames, "angular")
        square = np.einsum("nd,nd->n", frames, frames)
    norm = np.sqrt(square)
    silent = norm == 0
    frames[silent] = 1.0
    norm[silent] = np.sqrt(frames.shape[1])
    frames /= norm[:, None]
    return int(silent.sum())


def _scale(frames: np.ndarray, distance: DistanceName) -> None:
    """Bring numbers whose squares float32 does not hold into its range, by a power of two.

    Each frame by itself for angles, which that does not move; all alike for differences, whose
    order it does not move, and nothing else is asked of distances.
    """
    sizes = np.maximum(frames.max(axis=1), -frames.min(axis=1))
    largest = sizes if distance == "angular" else np.full_like(sizes, sizes.max(initial=0))
    far = (largest > 0) & ((largest < _SMALL) | (largest > _LARGE))
    if far.any():
        frames[far] = np.ldexp(frames[far], -np.frexp(largest[far])[1][:, None])


def _round_mean(frames: np.ndarray) -> np.ndarray:
    """(D,) mean in steps of some 1/128 of the largest number."""
    _, exponent = np.frexp(max(frames.max(initial=0), -frames.min(initial=0)))
    step = np.ldexp(np.float32(1), int(exponent) - 8)
    mean: np.ndarray = np.round(frames.mean(axis=0) / step) * step
    return mean.astype(np.float32)
