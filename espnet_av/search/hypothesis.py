"""One recognised token sequence with its score."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """Result of a search for one utterance."""

    tokens: list[int]
    """Token ids without start, end and blank symbols."""
    score: float
    """Weighted sum of the parts: what the search maximised (natural logarithm)."""
    parts: dict[str, float]
    """Unweighted score by scorer name: `decoder`, `ctc`, `length_bonus`."""
    frames: list[int] | None = None
    """Encoder frame where each token begins; None when the search does not know it."""
