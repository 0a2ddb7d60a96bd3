"""Reads who speaks when, several at once too."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from espnet_av.data.dropped import Drop
from espnet_av.data.lengths import num_frames
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.data.rttm import parse_turns
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError
from espnet_av.rates import FRAME_HZ, frames_at_rate


class ActivityReader(AbsReader):
    """(T, S) float32 at the rate of the model: 1 where a talker speaks, by their first turns."""

    field = "activity"

    def check(self) -> None:
        """See `AbsReader`."""
        if "rttm" not in self.data.tables:
            msg = f"{self.data.path}/rttm: no such file, but the model reads who speaks when; add "
            raise DataDirError(msg + "it to the data dir and run the dump stage (3) again")

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        absent = self.not_in("rttm", left_out)
        return absent + self._of_others({*left_out, *(drop.utt_id for drop in absent)})

    def _of_others(self, left_out: Collection[str]) -> list[Drop]:
        """Utterances that end before their first turn: the turns are of another recording."""
        drops = []
        for utt_id in self.data.utt_ids:
            value = None if utt_id in left_out else self.data.get("rttm", utt_id)
            turns = parse_turns(value) if value else []
            seconds = num_frames(self.data, utt_id) / FRAME_HZ if turns else 0.0
            if turns and min(turns).start >= seconds:
                told = f"first turn at {min(turns).start:g} s, end at {seconds:g} s"
                drops.append(Drop(utt_id, "turns of another recording", told))
        return drops

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        value = self.data.get("rttm", utt_id)
        if value is None:
            return None
        count = frames_at_rate(draw.length, self.request.frame_hz)
        active = activity(parse_turns(value), count, self.request.frame_hz, draw.speed)
        return self.cut(active, draw)


def activity(
    turns: Sequence[Segment], num_frames: int, frame_hz: float, speed: float = 1.0
) -> np.ndarray:
    """Who speaks in every frame: the talkers whose turns cover its centre.

    Args:
        turns: in seconds of the unchanged recording.
        num_frames: T, after the change of speed.
        frame_hz: frames a second.
        speed: the recording is played this many times as fast.

    Returns:
        (T, S) float32, 1 where talker s speaks; S talkers in the order in which they begin.
    """
    talkers = list(dict.fromkeys(turn.label for turn in sorted(turns)))
    centres = (np.arange(num_frames) + 0.5) / frame_hz * speed
    active = np.zeros((num_frames, len(talkers)), np.float32)
    for start, duration, talker in turns:
        first, last = np.searchsorted(centres, [start, start + duration], side="left")
        active[first:last, talkers.index(talker)] = 1.0
    return active
