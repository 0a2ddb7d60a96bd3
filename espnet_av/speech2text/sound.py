"""The sound of a file as the models want it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from espnet_av.data.readers.audio_augment import fit_length
from espnet_av.errors import MediaError
from espnet_av.media.audio import read_audio
from espnet_av.rates import SAMPLE_RATE, SAMPLES_PER_FRAME
from espnet_av.speech2text.picture import MAX_MISMATCH_SEC
from espnet_av.speech2text.windows import video_frames


def read_sound(path: str | Path, *, fit_to_picture: bool) -> np.ndarray:
    """(S,) float at 16 kHz, of at least a frame.

    A film's sound can be given the length of its picture, as the data sets of the models have it:
    audio codecs fill their last block. A picture of quite another length is no film.

    Raises:
        MediaError: the file cannot be read, has no sound track, or less sound than a frame.
    """
    speech = read_audio(path, SAMPLE_RATE)
    if len(speech) < SAMPLES_PER_FRAME:
        msg = (
            f"{path}: {len(speech) / SAMPLE_RATE:.4f} s of sound, less than one frame (0.04 s); "
            "there is nothing to recognise, look where it was cut"
        )
        raise MediaError(msg)
    num_samples = video_frames(path) * SAMPLES_PER_FRAME if fit_to_picture else 0
    if num_samples and abs(len(speech) - num_samples) <= MAX_MISMATCH_SEC * SAMPLE_RATE:
        return fit_length(speech, num_samples)
    return speech
