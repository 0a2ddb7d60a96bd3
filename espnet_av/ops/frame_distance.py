"""Distances between frames as inner products: what is done to each frame beforehand."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np

DistanceName = Literal["angular", "euclidean", "kl"]
DISTANCES: tuple[DistanceName, ...] = get_args(DistanceName)
_EPSILON = 1e-6
_SUM_TOLERANCE = 1e-2


class Prepared(NamedTuple):
    """Frames of which inner products tell the distances."""

    left: np.ndarray
    """(N, D) float32."""
    right: np.ndarray
    """(N, D) float32, the same array where the product is of a frame with itself."""
    own: np.ndarray
    """(N,) float32, what a frame adds by itself."""


def prepare(frames: np.ndarray, distance: DistanceName) -> Prepared:
    """Make frames ready for a distance; their array may be written over.

    - angular: arccos of the cosine / pi. A frame of zeros is taken for one of equal numbers.
    - euclidean: from the mean of all frames, which moves no distance and saves digits.
    - kl: 0.5 (KL(p, q) + KL(q, p)) of distributions, with 1e-6 under the logarithm.

    Args:
        frames: (N, D) float32, finite, C-contiguous.
        distance: its name.

    Raises:
        ValueError: `kl` of frames that are no distributions; the first is named.
    """
    nothing = np.zeros(len(frames), np.float32)
    if distance == "angular":
        norm = np.sqrt(np.einsum("nd,nd->n", frames, frames))
        frames[norm == 0] = 1.0
        norm[norm == 0] = np.sqrt(frames.shape[1])
        frames /= norm[:, None]
        return Prepared(frames, frames, nothing)
    if distance == "euclidean":
        frames -= frames.mean(axis=0)
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
