"""Batches for work that takes every utterance once: decoding, feature extraction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def plan_batches(num_frames: Sequence[int], batch_frames: int) -> list[list[int]]:
    """Group utterances of similar length, longest first, within a budget of padded frames.

    Args:
        num_frames: length of each utterance.
        batch_frames: most frames in a batch, padding included; a longer utterance goes alone.
    """
    # Stable: of two that are as long, the first comes first.
    order = np.argsort(-np.asarray(num_frames, dtype=np.int64), kind="stable").tolist()
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        if not batches or (len(batches[-1]) + 1) * longest > batch_frames:
            batches.append([])
            longest = num_frames[index]
        batches[-1].append(index)
    return batches
