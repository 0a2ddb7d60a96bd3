"""Reading the segments of long recordings one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.errors import MediaError
from espnet_av.media.audio import Sound, read_sound
from espnet_av.media.container import can_seek, open_container

_KEPT_SEC = 1200.0
"""Sound kept of a recording: 77 MB at 16 kHz."""


class _Stretch(NamedTuple):
    start: float
    end: float
    sound: Sound


class SegmentReader:
    """Reads sound as `read_sound` does.

    A recording that can only be read from its beginning (Ogg, MP3, MPEG streams) is not gone
    through again for every segment: the next 20 minutes are kept, once two of its segments have
    been asked for. Segments in any order come out right; in the order of the recording they are
    read fast.

    Args:
        fs: wanted rate in Hz.
        kept_sec: how much of one recording may be kept.
    """

    def __init__(self, fs: int, kept_sec: float = _KEPT_SEC) -> None:
        self._fs = fs
        self._kept_sec = kept_sec
        self._stretch: _Stretch | None = None
        self._path = ""
        self._is_worth_it = False

    def read(self, path: str | Path, start: float = 0.0, end: float | None = None) -> Sound:
        """The sound of a segment; arguments and errors as of `read_sound`."""
        path = str(path)
        if end is None or end - start > self._kept_sec:
            return read_sound(path, self._fs, start, end)
        if path != self._path:
            # The first segment of a recording may be its only one here.
            self._path, self._stretch = path, None
            with open_container(path) as container:
                self._is_worth_it = not can_seek(container)
            return read_sound(path, self._fs, start, end)
        return self._cut(path, start, end) or read_sound(path, self._fs, start, end)

    def _cut(self, path: str, start: float, end: float) -> Sound | None:
        """The segment from the sound kept; None if it must be read by itself."""
        if not self._is_worth_it:
            return None
        kept = self._stretch
        if kept is None or not kept.start <= start <= end <= kept.end:
            try:
                kept_end = start + self._kept_sec
                kept = _Stretch(start, kept_end, read_sound(path, self._fs, start, kept_end))
            except MediaError:
                # Damage behind a segment is no reason to give it up.
                self._is_worth_it = False
                return None
            self._stretch = kept
        offset = round(kept.start * self._fs)
        wave = kept.sound.wave[round(start * self._fs) - offset : round(end * self._fs) - offset]
        gaps = (gap for gap in kept.sound.gaps if gap.begin_sec < end and gap.end_sec > start)
        return Sound(np.array(wave), tuple(gaps)) if len(wave) else None
