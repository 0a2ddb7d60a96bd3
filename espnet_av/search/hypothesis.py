"""One recognised token sequence with its score."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """Result of a search for one utterance."""

    tokens: list[int]
    """Token ids without start, end and blank symbols."""
    score: float
    """What the search maximised: the weighted sum of the parts (natural logarithm), which
    `length_norm` divides by the tokens + 1."""
    parts: dict[str, float]
    """Unweighted score by scorer name: `decoder`, `ctc`, `transducer`, `lm`, `length_bonus`."""
    frames: list[int] | None = None
    """Encoder frame where each token begins; None when the search does not know it."""
    probabilities: list[float] | None = None
    """Of each token at its frame, as the transducer gives it; None in other searches."""
