"""Unit labels of stage 5 at the frame rate of the model that learns them."""

from __future__ import annotations

import numpy as np

from espnet_av.data.readers.video_augment import num_frames_at
from espnet_av.data.unit_set import UnitSet
from espnet_av.errors import DataDirError
from espnet_av.padding import PAD_ID
from espnet_av.rates import FRAME_HZ, frames_at_rate

_MAX_DIFFERENCE = 2
"""Labels that may be missing or too many: features lose frames at the end of an utterance."""


def unit_labels(
    source: UnitSet, utt_id: str, num_frames: int, frame_hz: float, speed: float = 1.0
) -> np.ndarray:
    """Label of every model frame of an utterance.

    Frame t gets the label in whose time it begins: number 2t where 50 Hz labels meet 25 Hz frames,
    number t // 2 where 25 Hz labels meet 50 Hz frames.

    Args:
        source: labels of the set.
        utt_id: an utterance that has labels.
        num_frames: V, frames at 25 Hz of the unchanged utterance.
        frame_hz: rate of the model's frames.
        speed: the utterance is played this many times as fast.

    Returns:
        units: (T,) int64, T = frames at `frame_hz` after the change of speed; -1 for the last ones
        where the features ended early.

    Raises:
        DataDirError: the labels are of another length than the utterance.
    """
    labels, rate_hz = source.labels(utt_id), source.rate_hz
    expected = num_frames * rate_hz / FRAME_HZ
    if abs(len(labels) - expected) > max(_MAX_DIFFERENCE, rate_hz // FRAME_HZ):
        msg = (
            f"{utt_id}: {len(labels)} unit labels at {rate_hz} Hz for {num_frames} frames at "
            f"{FRAME_HZ} Hz, which need {expected:g}; they are of another version of this "
            "utterance, run stage 5 again on this dump"
        )
        raise DataDirError(msg)
    count = frames_at_rate(num_frames_at(num_frames, speed), frame_hz)
    positions = (np.arange(count) * (speed * rate_hz / frame_hz)).astype(np.int64)
    units = np.full(count, PAD_ID, dtype=np.int64)
    inside = positions < len(labels)
    units[inside] = labels[positions[inside]]
    return units
