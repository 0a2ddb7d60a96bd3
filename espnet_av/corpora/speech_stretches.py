"""Where somebody speaks in long recordings, found once and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.atomic import atomic_write
from espnet_av.corpora.speech_cuts import SpeechSpan
from espnet_av.errors import MediaError
from espnet_av.media.segment_reader import SegmentReader
from espnet_av.media.speech_activity import RATE_HZ, find_speech
from espnet_av.rates import SAMPLE_RATE

_AT_A_TIME_SEC = 600.0
"""So much is in memory, 40 MB, however long a recording is."""


class Recording(NamedTuple):
    """A long file of sound."""

    path: Path
    seconds: float
    cache: Path
    """Keeps what was found."""


class Stretches(NamedTuple):
    """What was found."""

    spans: list[SpeechSpan]
    error: str = ""
    """Why the file cannot be read; empty: it can."""


def find_stretches(recording: Recording) -> Stretches:
    """Stretches of speech of a recording; faults are a field of the result, not an error."""
    size = recording.path.stat().st_size
    try:
        kept = json.loads(recording.cache.read_text(encoding="utf-8"))
        if kept["bytes"] == size:
            return Stretches([(float(start), float(end)) for start, end in kept["spans"]])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        spans = _find(recording)
    except MediaError as error:
        return Stretches([], str(error))
    with atomic_write(recording.cache) as stream:
        json.dump({"bytes": size, "spans": spans}, stream)
    return Stretches(spans)


def _find(recording: Recording) -> list[SpeechSpan]:
    reader, spans = SegmentReader(SAMPLE_RATE), list[SpeechSpan]()
    for start in np.arange(0.0, recording.seconds, _AT_A_TIME_SEC):
        end = min(float(start) + _AT_A_TIME_SEC, recording.seconds)
        wave = reader.read(recording.path, float(start), end).wave
        edges = np.flatnonzero(np.diff(find_speech(wave).is_speech, prepend=False, append=False))
        for first, last in edges.reshape(-1, 2):
            # A stretch that goes on in the next part touches what is found there.
            stop = min(float(start) + last / RATE_HZ, end)
            spans.append((round(float(start) + first / RATE_HZ, 2), round(stop, 2)))
    return spans
