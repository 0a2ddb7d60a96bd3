"""Frame labels at one rate for frames at another."""

import torch
from torch import Tensor

from espnet_av.errors import DataDirError

TOLERANCE = 2
"""Frames by which labels may be too short or too long for their frames."""


def labels_at_rate(
    labels: Tensor,
    from_hz: int,
    to_hz: int,
    num_frames: int,
    utt_id: str,
    pad: int = -1,
) -> Tensor:
    """The label of every frame: index t * from_hz / to_hz, so 2t from 50 Hz to 25 Hz.

    Windows make features a frame or two shorter or longer than the video; labels beyond the frames
    are cut off, and up to two frames at the end may have none.

    Args:
        labels: (T',) integers at `from_hz`.
        from_hz: their rate.
        to_hz: rate of the frames; one rate is a multiple of the other. A higher one repeats labels.
        num_frames: T, frames to label.
        utt_id: for the error message.
        pad: given to frames without a label; losses ignore it.

    Returns:
        (T,) of the type of `labels`.

    Raises:
        DataDirError: the rates do not fit, or the lengths differ by more than two frames.
    """
    if from_hz % to_hz and to_hz % from_hz:
        msg = (
            f"{utt_id}: labels at {from_hz} Hz cannot be read at {to_hz} Hz, as neither rate is a "
            "multiple of the other; make units at a rate that fits the model"
        )
        raise DataDirError(msg)
    index = torch.arange(-(-len(labels) * to_hz // from_hz), device=labels.device)
    found = labels[index * from_hz // to_hz]
    if abs(len(found) - num_frames) > TOLERANCE:
        msg = (
            f"{utt_id}: {len(labels)} labels at {from_hz} Hz are {len(found)} frames at {to_hz} "
            f"Hz, but it has {num_frames} frames; the units were made from other data, run the "
            "units stage again"
        )
        raise DataDirError(msg)
    missing = labels.new_full((max(0, num_frames - len(found)),), pad)
    return torch.cat([found[:num_frames], missing])
