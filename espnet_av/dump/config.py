"""What the dump stage keeps, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from espnet_av.config import Seconds
from espnet_av.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class DumpConfig:
    """Filters and layout of a dump; a change makes the next run write the dump again."""

    shard_utts: int = 128
    """Utterances in one archive, the unit of parallel work."""
    min_duration: Seconds = 0.2
    """Shorter utterances are dropped."""
    max_duration: Seconds = 20.0
    """Longer utterances are dropped."""
    max_mismatch: Seconds = 0.5
    """Utterances whose sound and picture differ by more are dropped."""
    max_beyond_end: Seconds = 0.25
    """An utterance with a transcript whose segment reaches further beyond the end of its recording
    is dropped, as words of it are missing; without one, what there is is kept."""
    film_side: int = 224
    """Pixels of the shorter side of films, at most; smaller ones stay as they are."""
    require: Literal["any", "audio", "video", "both"] = "any"
    """What an utterance must have; the others are dropped."""
    max_dropped_ratio: float = 0.05
    """Fail when a larger share of the utterances is dropped."""

    def __post_init__(self) -> None:
        if self.shard_utts < 1:
            msg = f"shard_utts is {self.shard_utts}; a shard holds at least 1 utterance"
            raise ConfigError(msg)
        if self.film_side < 1:
            msg = f"film_side is {self.film_side}; films have at least 1 pixel, 224 by default"
            raise ConfigError(msg)
        if not 0 <= self.min_duration < self.max_duration:
            msg = f"min_duration {self.min_duration} must be below max_duration {self.max_duration}"
            raise ConfigError(msg)
        if not 0 <= self.max_dropped_ratio <= 1:
            msg = f"max_dropped_ratio is {self.max_dropped_ratio}; it is a share between 0 and 1"
            raise ConfigError(msg)
