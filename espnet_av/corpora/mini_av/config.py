"""Configuration of the corpus `mini_av`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from espnet_av.config import to_dict
from espnet_av.corpora.mini_av.grammar import LEXICONS, NUM_MEANINGS
from espnet_av.corpora.mini_av.speaker import SPEAKERS
from espnet_av.fingerprint import SHORT, fingerprint
from espnet_av.synthesis.mouth_motion import Articulation

SPLITS = ("train", "valid", "test", "test_unseen")
_FORMAT = 1
"""Raise it whenever an equal configuration would give another corpus."""


@dataclass(frozen=True, kw_only=True)
class MiniAvConfig:
    """What to synthesise; equal configurations give equal pictures, texts and phone times."""

    langs: tuple[str, ...] = ("en",)
    """Languages, of `ar de el en es fr it pt ru`; each gets the same sentences, translated."""
    num_train: int = 1200
    """Training utterances of each language."""
    num_valid: int = 60
    """Validation utterances of each language."""
    num_test: int = 150
    """Test utterances of each language, by the training speakers."""
    num_test_unseen: int = 60
    """Test utterances of each language, by speakers that are not in training."""
    speakers: tuple[str, ...] = ("m1", "f1", "m3", "f2", "m2", "f4")
    """Speakers of train, valid and test; names are those of `speaker.SPEAKERS`."""
    unseen_speakers: tuple[str, ...] = ("m7", "f5")
    """Speakers of test_unseen."""
    hardness: Articulation = field(default_factory=Articulation)
    """How clearly the lips move: what makes lip reading hard."""
    seed: int = 1
    """Of everything that is drawn by chance."""

    def __post_init__(self) -> None:
        _check_names("langs", self.langs, tuple(LEXICONS))
        _check_names("speakers", self.speakers, tuple(SPEAKERS))
        _check_names("unseen_speakers", self.unseen_speakers, tuple(SPEAKERS))
        if set(self.speakers) & set(self.unseen_speakers):
            msg = f"unseen_speakers: {set(self.speakers) & set(self.unseen_speakers)} also train"
            raise ValueError(msg)
        total = sum(self.sizes.values())
        if min(self.sizes.values()) < 0 or not 0 < total <= NUM_MEANINGS:
            msg = f"num_*: {self.sizes}: none is negative and together they are 1 to {NUM_MEANINGS}"
            raise ValueError(msg)

    @property
    def sizes(self) -> dict[str, int]:
        """Split -> number of utterances of each language."""
        return {split: int(getattr(self, f"num_{split}")) for split in SPLITS}

    @property
    def digest(self) -> str:
        """Short hash by which a finished corpus is recognised."""
        text = json.dumps([_FORMAT, to_dict(self)], sort_keys=True)
        return fingerprint([text], SHORT)


def _check_names(key: str, names: tuple[str, ...], valid: tuple[str, ...]) -> None:
    unknown = sorted(set(names) - set(valid))
    if unknown or len(set(names)) < len(names) or not names:
        what = f"unknown {unknown[0]}" if unknown else "repeated or empty"
        msg = f"{key}: {what}; choose one or more, each once, from: {' '.join(valid)}"
        raise ValueError(msg)
