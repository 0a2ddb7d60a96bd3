"""Subtitles of a transcript: short enough to read, and new ones at pauses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from espnet_av.search.alignment import WordTime
from espnet_av.speech2text.spacing import is_spaceless

MAX_CUE_SEC = 6.0
MAX_CUE_CHARS = 80
PAUSE_SEC = 0.8
"""A longer pause begins a new subtitle."""


class Cue(NamedTuple):
    """A subtitle."""

    start: float
    """Seconds from the beginning of the file."""
    end: float
    text: str


def cues_of_words(words: Sequence[WordTime]) -> list[Cue]:
    """Subtitles of words whose times are known."""
    return [
        Cue(part[0].start, part[-1].end, " ".join(word.word for word in part))
        for part in _cut(words)
    ]


def cues_of_text(start: float, end: float, text: str) -> list[Cue]:
    """Subtitles of a text of which only the whole has times, as of a translation.

    It is cut after sentences where it can be, else between words, into parts of about the same
    length; each lasts as long as its share of the letters.
    """
    parts = _parts(text)
    total = sum(map(len, parts))
    cues, done = [], 0
    for part in parts:
        begin = start + (end - start) * done / total
        done += len(part)
        cues.append(Cue(round(begin, 3), round(start + (end - start) * done / total, 3), part))
    return cues


def _parts(text: str) -> list[str]:
    """Runs of words of at most `MAX_CUE_CHARS`, that end at an end of a sentence if one is near."""
    parts = [""]
    least = MAX_CUE_CHARS // 2
    for word in _units(text):
        glue = "" if not parts[-1] or is_spaceless(word[0]) else " "
        is_full = len(parts[-1]) + len(glue) + len(word) > MAX_CUE_CHARS
        has_ended = len(parts[-1]) >= least and parts[-1][-1] in ".!?;:…。！？"
        if parts[-1] and (is_full or has_ended):
            parts.append(word)
        else:
            parts[-1] += glue + word
    return [part for part in parts if part]


def _units(text: str) -> list[str]:
    """What may stand in a line of its own: words, and letters of scripts without spaces."""
    units: list[str] = []
    for word in text.split():
        units += list(word) if is_spaceless(word[0]) and len(word) > 1 else [word]
    return units


def _cut(words: Sequence[WordTime]) -> list[list[WordTime]]:
    cues: list[list[WordTime]] = [[words[0]]]
    for word in words[1:]:
        cue = cues[-1]
        num_chars = sum(len(item.word) + 1 for item in cue) + len(word.word)
        too_long = word.end - cue[0].start > MAX_CUE_SEC or num_chars > MAX_CUE_CHARS
        if too_long or word.start - cue[-1].end > PAUSE_SEC:
            cues.append([word])
        else:
            cue.append(word)
    return cues
