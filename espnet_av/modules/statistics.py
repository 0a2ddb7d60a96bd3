"""What a model tells of a batch besides its loss: names, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Stat:
    """One figure that a model reports."""

    best: Literal["min", "max"] | None = None
    """Which end is the better one; None: neither, it only describes."""


LOWER = Stat(best="min")
"""Better when lower: losses, error rates."""
HIGHER = Stat(best="max")
"""Better when higher: accuracies."""
PLAIN = Stat()
"""Neither: shares of what is masked, codes in use."""
