"""Noise that a test adds to its sound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NoiseCondition:
    """Noise of a test condition: its category in the noise folder, and how loud it is."""

    category: str
    snr_db: float
