"""Labels of 25 Hz frames from labelled stretches of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from espnet_av.data.batch import PAD_ID
from espnet_av.data.rates import FRAME_HZ
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError


def frame_labels(
    segments: Sequence[Segment],
    label_ids: Mapping[str, int],
    num_frames: int,
    utt_id: str,
    speed: float = 1.0,
) -> np.ndarray:
    """Label of every frame: that of the stretch which covers the frame's centre.

    Args:
        segments: labelled stretches in seconds of the unchanged recording.
        label_ids: id of every label.
        num_frames: T, frames at 25 Hz (after the change of speed).
        utt_id: for the error message.
        speed: the utterance is played this many times as fast.

    Returns:
        labels: (T,) int64; -1 where nothing covers the centre. The later of two stretches wins.

    Raises:
        DataDirError: a label has no id.
    """
    labels = np.full(num_frames, PAD_ID, dtype=np.int64)
    centres = (np.arange(num_frames) + 0.5) / FRAME_HZ * speed
    for start, duration, label in segments:
        if label not in label_ids:
            msg = (
                f"{utt_id}: the label '{label}' of its ctm is not in units.txt; run the tokens "
                "stage again on a training set that has it, or correct the ctm"
            )
            raise DataDirError(msg)
        first, last = np.searchsorted(centres, (start, start + duration), side="left")
        labels[first:last] = label_ids[label]
    return labels
