"""Cutting a long recording between its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from espnet_av.corpora.lrs3_text import Word

_MARGIN_SEC = 0.5
"""A part reaches no further than this beyond its first and last word."""


class Piece(NamedTuple):
    """A stretch of a recording, in seconds, and what is said in it."""

    start: float
    end: float
    text: str


def cut_at_words(
    words: Sequence[Word], seconds: float, max_seconds: float
) -> tuple[list[Piece], list[Word]]:
    """Cut a recording into parts of at most `max_seconds`, in the pauses between words.

    From the left: among the places where a part may end, those in its second half are looked at,
    and the longest pause wins (the later one of two as long). The cut is in the middle of the
    pause; of long pauses a part keeps half a second.

    Args:
        words: at least one, by start time.
        seconds: duration of the recording.
        max_seconds: longest part.

    Returns:
        The parts, and the words that are in none: longer than `max_seconds`, or said after the end.
    """
    pieces: list[Piece] = []
    left_out: list[Word] = []
    first = 0
    while first < len(words):
        start = _edge(words, first, seconds)[1]
        ends = [_edge(words, index + 1, seconds)[0] for index in range(first, len(words))]
        fitting = [n for n, end in enumerate(ends, 1) if 0 < end - start <= max_seconds]
        if not fitting:
            left_out.append(words[first])
            first += 1
            continue
        count = fitting[-1]
        if first + count < len(words):
            late = [n for n in fitting if ends[n - 1] - start >= max_seconds / 2] or fitting[-1:]
            count = max(late, key=lambda n: (_pause(words, first + n), n))
        text = " ".join(word.word for word in words[first : first + count])
        pieces.append(Piece(start, ends[count - 1], text))
        first += count
    return pieces, left_out


def _pause(words: Sequence[Word], index: int) -> float:
    """Seconds between word `index` - 1 and word `index`."""
    return words[index].start - words[index - 1].end


def _edge(words: Sequence[Word], index: int, seconds: float) -> tuple[float, float]:
    """Where a part before word `index` ends, and where a part from it on starts."""
    before = words[index - 1].end if index else 0.0
    after = words[index].start if index < len(words) else seconds
    middle = (before + after) / 2 if 0 < index < len(words) else (0.0, seconds)[index > 0]
    end = max(min(middle, before + _MARGIN_SEC, seconds), 0.0)
    start = min(max(middle, after - _MARGIN_SEC, 0.0), seconds)
    return end, start
