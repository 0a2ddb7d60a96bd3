"""Mouth clips as the roi stage left them: pointers into archives, and lengths."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from espnet_av.data.data_dir import rebase
from espnet_av.data.table import read_table
from espnet_av.errors import DataDirError


@dataclass(frozen=True)
class Clips:
    """Mouth clips of the utterances, made by the roi stage."""

    pointers: dict[str, str]
    """Utterance -> `file.ark:offset`."""
    num_frames: dict[str, int]
    """Utterance -> frames at 25 Hz."""

    @cached_property
    def num_sharers(self) -> Counter[str]:
        """Archive -> clips in it."""
        return Counter(map(archive_of, self.pointers.values()))


def archive_of(pointer: str) -> str:
    """The file of a pointer `file.ark:offset`."""
    return pointer.rpartition(":")[0]


def read_clips(roi_dir: Path) -> Clips:
    """Read `video.scp` and `utt2num_frames` of the roi stage.

    Raises:
        DataDirError: a file is missing, or an utterance is in one of them only.
    """
    pointers, counts = read_table(roi_dir / "video.scp"), read_table(roi_dir / "utt2num_frames")
    for utt_id in sorted(pointers.keys() ^ counts.keys()):
        msg = f"{roi_dir}: {utt_id}: in only one of video.scp and utt2num_frames; run stage 2 again"
        raise DataDirError(msg)
    return Clips(
        {utt_id: rebase(value, roi_dir) for utt_id, value in pointers.items()},
        {utt_id: int(value) for utt_id, value in counts.items()},
    )
