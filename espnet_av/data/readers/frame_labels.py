"""Labels of frames from labelled stretches of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError
from espnet_av.padding import PAD_ID
from espnet_av.rates import FRAME_HZ

SILENCE = "sil"
"""The label that is never cut into parts: its beginning sounds and looks like its end."""


def part_names(label: str, num_parts: int) -> list[str]:
    """Names of the equal parts, in time, of a label: `two/1 two/2 two/3`; one part keeps its name.

    Parts tell the beginning of a word from its end, which a front end needs to learn it.
    """
    if num_parts == 1 or label == SILENCE:
        return [label]
    return [f"{label}/{part}" for part in range(1, num_parts + 1)]


def frame_labels(
    segments: Sequence[Segment],
    label_ids: Mapping[str, int],
    num_frames: int,
    utt_id: str,
    speed: float = 1.0,
    frame_hz: float = FRAME_HZ,
) -> np.ndarray:
    """Label of every frame: that of the stretch which covers the frame's centre.

    Args:
        segments: labelled stretches in seconds of the unchanged recording.
        label_ids: id of every label, or of its parts (`part_names`).
        num_frames: T, frames at `frame_hz` (after the change of speed).
        utt_id: for the error message.
        speed: the utterance is played this many times as fast.
        frame_hz: frames a second.

    Returns:
        labels: (T,) int64; -1 where nothing covers the centre. The later of two stretches wins.

    Raises:
        DataDirError: a label has no id.
    """
    labels = np.full(num_frames, PAD_ID, dtype=np.int64)
    centres = (np.arange(num_frames) + 0.5) / frame_hz * speed
    for start, duration, label in segments:
        ids = label_part_ids(label, label_ids)
        if not ids:
            msg = (
                f"{utt_id}: the label '{label}' of its ctm is not in units.txt; run the tokens "
                "stage again on a training set that has it, or correct the ctm"
            )
            raise DataDirError(msg)
        edges = start + duration * np.arange(len(ids) + 1) / len(ids)
        bounds = np.searchsorted(centres, edges, side="left")
        for first, last, label_id in zip(bounds[:-1], bounds[1:], ids, strict=True):
            labels[first:last] = label_id
    return labels


def label_part_ids(label: str, label_ids: Mapping[str, int]) -> list[int]:
    """Ids of a label's parts in time; its own if it is whole; none if the inventory lacks it."""
    if label in label_ids:
        return [label_ids[label]]
    ids: list[int] = []
    while (part := f"{label}/{len(ids) + 1}") in label_ids:
        ids.append(label_ids[part])
    return ids
