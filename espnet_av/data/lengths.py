"""How long an utterance of a dump is."""

from __future__ import annotations

from espnet_av.data.data_dir import DataDir
from espnet_av.data.tables import FILMS, PICTURE, SOUND
from espnet_av.errors import DataDirError
from espnet_av.rates import SAMPLES_PER_FRAME


def has_films_alone(data: DataDir) -> bool:
    """Whether a set has full frames, and neither sound nor mouth clips to go with them."""
    return FILMS.name in data.tables and not {SOUND.name, PICTURE.name} & data.tables.keys()


def num_frames(data: DataDir, utt_id: str) -> int:
    """Frames at 25 Hz: those of the video, which the sound is fitted to; else of the sound.

    Raises:
        DataDirError: the tables of lengths lack the utterance.
    """
    frames = data.get("utt2num_frames", utt_id)
    if frames is not None:
        return int(frames)
    samples = data.get("utt2num_samples", utt_id)
    if samples is None:
        msg = (
            f"{data.path}: {utt_id}: neither in utt2num_frames nor in utt2num_samples; "
            "is this the output of the dump stage?"
        )
        raise DataDirError(msg)
    return int(samples) // SAMPLES_PER_FRAME
