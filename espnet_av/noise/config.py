"""Options of noise making (`conf/noise.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from espnet_av.config import Hertz, Seconds
from espnet_av.rates import SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class NoiseConfig:
    """How many noises are made, and of what."""

    fs: Hertz = SAMPLE_RATE
    """Sampling rate of the noises."""
    num_babble: dict[str, int] = field(
        default_factory=lambda: {"train": 100, "valid": 20, "test": 50}
    )
    """Split (`train`, `valid`, `test`) -> babbles made of the corpus's own utterances."""
    num_voices: int = 30
    """Voices in a babble."""
    min_voices_per_lang: int = 0
    """Of these, at least so many in each language (`utt2lang`); 0: whatever comes."""
    babble_duration: Seconds = 10.0
    """Length of a babble; shorter utterances of the same speaker are strung together."""
    cut_duration: Seconds = 10.0
    """Files of a noise corpus are cut into pieces of this length."""
    min_cut_duration: Seconds = 3.0
    """A last piece shorter than this is left out."""
    seed: int = 0
    """Seed of every choice."""

    def __post_init__(self) -> None:
        unknown = set(self.num_babble) - {"train", "valid", "test"}
        if unknown or not all(count >= 0 for count in self.num_babble.values()):
            msg = f"num_babble maps train, valid, test to counts, not {self.num_babble}"
            raise ValueError(msg)
        # A split that is not named has none.
        counts = {split: self.num_babble.get(split, 0) for split in ("train", "valid", "test")}
        object.__setattr__(self, "num_babble", counts)
        if not 0 <= self.min_voices_per_lang <= self.num_voices:
            msg = f"min_voices_per_lang is {self.min_voices_per_lang}; it is 0 to num_voices"
            raise ValueError(msg)
        if self.num_voices < 1 or min(self.babble_duration, self.min_cut_duration) <= 0:
            msg = "num_voices, babble_duration and min_cut_duration must be positive"
            raise ValueError(msg)
        if self.cut_duration < self.min_cut_duration:
            msg = "cut_duration must not be below min_cut_duration"
            raise ValueError(msg)
