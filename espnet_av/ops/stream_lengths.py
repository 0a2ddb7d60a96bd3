"""Lengths of the sound and the lips of a batch, brought to the host once and checked."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from espnet_av.errors import DataDirError
from espnet_av.rates import SAMPLES_PER_FRAME


class StreamLengths(NamedTuple):
    """What each utterance of a batch holds; all (B,) int64 on the CPU."""

    samples: Tensor
    """Audio samples, 0 = no audio."""
    video: Tensor
    """Video frames, 0 = no video."""
    frames: Tensor
    """Frames at 25 Hz of the fused stream."""


def read_lengths(
    speech_lengths: Tensor | None,
    video_lengths: Tensor | None,
    utt_id: Sequence[str] | None = None,
) -> StreamLengths:
    """Copies the lengths to the host and checks that sound and lips fit together.

    Args:
        speech_lengths: (B,) samples, None = no utterance has audio.
        video_lengths: (B,) frames, None = no utterance has video.
        utt_id: names for the error message.

    Raises:
        DataDirError: an utterance has neither modality, or both with different durations.
    """
    some = speech_lengths if speech_lengths is not None else video_lengths
    if some is None:
        msg = "the batch has neither speech nor video that this model can use"
        raise DataDirError(msg)
    absent = torch.zeros(len(some), dtype=torch.int64)
    samples = absent if speech_lengths is None else speech_lengths.cpu()
    video = absent if video_lengths is None else video_lengths.cpu()
    audio = torch.div(samples, SAMPLES_PER_FRAME, rounding_mode="floor")
    frames = torch.maximum(audio, video)
    wrong = (frames == 0) | ((audio != video) & (audio > 0) & (video > 0))
    if wrong.any():
        i = int(wrong.nonzero()[0])
        name = f"utterance {utt_id[i]}" if utt_id else f"utterance number {i} of the batch"
        msg = (
            f"{name} has {int(samples[i])} audio samples ({int(audio[i])} frames at 25 Hz) and "
            f"{int(video[i])} video frames; it needs at least one frame, and equally many of "
            "both: trim or pad the audio to 640 samples per video frame"
        )
        raise DataDirError(msg)
    return StreamLengths(samples, video, frames)
