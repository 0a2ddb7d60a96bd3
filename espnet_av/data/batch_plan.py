"""Batches for work that takes every utterance once: decoding, feature extraction."""

from __future__ import annotations

from collections.abc import Sequence


def plan_batches(num_frames: Sequence[int], batch_frames: int) -> list[list[int]]:
    """Group utterances of similar length, longest first, within a budget of padded frames.

    Args:
        num_frames: length of each utterance.
        batch_frames: most frames in a batch, padding included; a longer utterance goes alone.
    """
    order = sorted(range(len(num_frames)), key=lambda i: (-num_frames[i], i))
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        if not batches or (len(batches[-1]) + 1) * longest > batch_frames:
            batches.append([])
            longest = num_frames[index]
        batches[-1].append(index)
    return batches
