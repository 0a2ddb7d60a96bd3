"""Cutting a long recording where nobody speaks, by the stretches where somebody does."""

from __future__ import annotations

import math
from collections.abc import Iterable

SpeechSpan = tuple[float, float]
"""Start and end, in seconds."""
_MAX_PAUSE_SEC = 1.0
"""A longer silence ends a piece."""


def cut_at_pauses(speech: Iterable[SpeechSpan], min_sec: float, max_sec: float) -> list[SpeechSpan]:
    """Join stretches of speech to pieces of `min_sec` to `max_sec`, pauses up to a second included.

    From the left, as many stretches to a piece as fit. One that is longer than `max_sec` by itself
    is cut into equal parts. What stays shorter than `min_sec` is left out.

    Args:
        speech: stretches by their start; those that touch or overlap are one.
        min_sec: shortest piece.
        max_sec: longest piece.
    """
    pieces: list[SpeechSpan] = []
    for start, end in sorted(speech):
        if end <= start:
            continue
        if pieces:
            first, last = pieces[-1]
            joined = max(last, end) - first
            if start <= last or (start - last <= _MAX_PAUSE_SEC and joined <= max_sec):
                pieces[-1] = (first, max(last, end))
                continue
        pieces.append((start, end))
    parts = (part for piece in pieces for part in _parts(piece, max_sec))
    return [part for part in parts if part[1] - part[0] >= min_sec]


def _parts(piece: SpeechSpan, max_sec: float) -> list[SpeechSpan]:
    start, end = piece
    count = max(1, math.ceil((end - start) / max_sec - 1e-9))
    step = (end - start) / count
    return [(start + step * n, start + step * (n + 1)) for n in range(count)]
