"""Median of yes and no over neighbouring frames."""

from __future__ import annotations

import numpy as np


def median_of_flags(active: np.ndarray, width: int) -> np.ndarray:
    """Each frame as most of those around it are; beyond the ends, all are no.

    Args:
        active: (T, S) bool.
        width: frames, odd; 1 changes nothing.

    Returns:
        (T, S) bool.
    """
    half = width // 2
    sums = np.pad(active.astype(np.int64), ((half + 1, half), (0, 0))).cumsum(axis=0)
    return np.asarray(sums[width:] - sums[:-width] > half)
