"""Video that a test takes away: whole utterances, or frames of them.

The protocol is that of LP-Conformer (arXiv 2302.10915): the same test set again and again, with
more and more of its video missing. Missing *frames* are black, as in the papers: that is what a
camera shows that failed, and the model is not told. The alternative, zeros in place of their
features, is what modality dropout trains on, but tells the model which frames are missing. Mean
grey would be the time masks of training (`video_augment.mask_time`), so no test at all. A missing
*utterance* has no video: its front end computes nothing, as for every utterance without.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from espnet_av.errors import DataDirError
from espnet_av.fingerprint import number_of

MissingKind = Literal["whole", "frames", "start", "middle", "end"]
KINDS: tuple[MissingKind, ...] = get_args(MissingKind)
BLACK = 0
"""What a missing frame shows."""


@dataclass(frozen=True)
class MissingVideo:
    """What of the video a test condition takes away."""

    kind: MissingKind
    """Whole utterances; single frames anywhere; or one stretch of every utterance."""
    share: float
    """Of the utterances (`whole`) or of the frames of each utterance, above 0 and up to 1."""

    def __str__(self) -> str:
        """As on the command line: `start:0.5`."""
        return f"{self.kind}:{self.share:g}"


def missing_frames(
    missing: MissingVideo, num_frames: int, utt_id: str, seed: int = 0
) -> np.ndarray:
    """Which frames of an utterance are missing; the same whenever and wherever it is asked.

    Chance comes from a hash of utterance, kind and seed. What is missing at one share is missing
    at every larger one too, so that curves over the share compare like with like.

    Args:
        missing: kind and share.
        num_frames: V.
        utt_id: the utterance.
        seed: for another choice of utterances and frames.

    Returns:
        (V,) bool, True = missing. Of `whole` all or none; else the nearest whole number of frames
        to `share` * V.
    """
    generator = np.random.default_rng(number_of(f"{seed}\t{missing.kind}\t{utt_id}"))
    if missing.kind == "whole":
        return np.full(num_frames, generator.random() < missing.share)
    count = int(missing.share * num_frames + 0.5)
    if missing.kind == "frames":
        places = generator.random(num_frames).argsort()[:count]
    else:
        free = num_frames - count
        first = {"start": 0, "middle": free // 2, "end": free}[missing.kind]
        places = np.arange(first, first + count)
    lost = np.zeros(num_frames, dtype=bool)
    lost[places] = True
    return lost


def take_away(
    frames: np.ndarray, missing: MissingVideo, utt_id: str, seed: int
) -> np.ndarray | None:
    """The clip (V, H, W) with its missing frames black; None if all of it is missing (`whole`)."""
    lost = missing_frames(missing, len(frames), utt_id, seed)
    if missing.kind == "whole":
        return None if lost.any() else frames
    left = frames.copy()
    left[lost] = BLACK
    return left


class LostVideo(NamedTuple):
    """What one utterance of a test lost; a line of `missing_video.tsv`."""

    utt_id: str
    kind: str
    share: float
    num_missing: int
    num_frames: int


def lost_video(
    missing: MissingVideo, num_frames: Mapping[str, int], seed: int
) -> tuple[list[LostVideo], float]:
    """What a test condition takes from every utterance, for the record.

    Args:
        missing: kind and share.
        num_frames: utterance -> frames of its video.
        seed: as in `missing_frames`.

    Returns:
        a line for each utterance, and the share of all frames that is missing: not quite the one
        asked for, as frames are whole and the utterances that `whole` takes are drawn.
    """
    lines = [
        LostVideo(
            utt_id,
            missing.kind,
            missing.share,
            int(missing_frames(missing, count, utt_id, seed).sum()),
            count,
        )
        for utt_id, count in num_frames.items()
    ]
    total = sum(line.num_frames for line in lines)
    return lines, sum(line.num_missing for line in lines) / max(1, total)


def check_sound_is_left(
    missing: MissingVideo, heard: Collection[str], utt_ids: Sequence[str]
) -> None:
    """Check that whatever loses all of its video has sound.

    Args:
        missing: kind and share.
        heard: utterances whose sound the model gets.
        utt_ids: utterances of the test.

    Raises:
        DataDirError: nothing would be left of an utterance; it is named.
    """
    if missing.kind != "whole":
        return
    silent = [utt_id for utt_id in utt_ids if utt_id not in heard]
    if silent:
        msg = (
            f"missing video {missing}: {len(silent)} test utterances would have neither sound nor "
            f"video, e.g. {silent[0]}; test them in mode AV with sound, or leave out `whole`"
        )
        raise DataDirError(msg)
