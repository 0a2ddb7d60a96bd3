"""Configuration of the corpus `mini_coco`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from espnet_av.config import to_dict
from espnet_av.corpora.mini_coco.language import LANGUAGES
from espnet_av.corpora.mini_coco.voices import VOICES
from espnet_av.fingerprint import SHORT, fingerprint

SPLITS = ("train", "valid", "test")
_FORMAT = 2
"""Raise it whenever an equal configuration would give another corpus."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many there are in each split."""

    train: int
    valid: int
    test: int

    def __post_init__(self) -> None:
        if min(self.train, self.valid, self.test) < 0:
            msg = f"train {self.train}, valid {self.valid}, test {self.test}: none is negative"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class MiniCocoConfig:
    """What to make; equal configurations give equal pictures, texts and phone times."""

    langs: tuple[str, ...] = ("en", "fr")
    """Languages, of `en fr es`; each captions the same scenes, translated."""
    scenes: Count = Count(train=700, valid=60, test=150)
    """Scenes; none is in two splits."""
    captions: int = 2
    """Captions of each scene in each language; the caption voices take turns."""
    sentences: Count = Count(train=1500, valid=60, test=480)
    """Sentences without pictures in each language."""
    words: tuple[int, int] = (5, 7)
    """Least and most words of such a sentence."""
    caption_voices: tuple[str, ...] = ("m3", "f2")
    """Voices of the captions, in every split."""
    train_voices: tuple[str, ...] = (
        "m1", "m2", "m4", "m5", "m7", "f1", "f3", "f4", "Andy", "adam", "anika", "antonio",
        "benjamin", "boris", "david", "edward", "grandma", "linda", "marcelo", "max",
    )  # fmt: skip
    """Voices of the sentences that are learned from."""
    valid_voices: tuple[str, ...] = ("m8", "f5")
    test_voices: tuple[str, ...] = ("m6", "belinda", "robert", "steph", "michel", "grandpa")
    """Voices of the sentences that ABX compares; none speaks anywhere else."""
    picture_size: int = 160
    """Pixels of a side."""
    feature_size: int = 256
    """D of the features of a region; the published ones have 2048."""
    seed: int = 1
    """Of everything that is drawn by chance."""

    def __post_init__(self) -> None:
        _check_names("langs", self.langs, tuple(LANGUAGES))
        groups = ("caption_voices", "train_voices", "valid_voices", "test_voices")
        for group in groups:
            _check_names(group, getattr(self, group), VOICES)
        everyone = [voice for group in groups for voice in getattr(self, group)]
        for voice in everyone:
            if everyone.count(voice) > 1:
                both = [group for group in groups if voice in getattr(self, group)]
                msg = f"{both[0]} and {both[1]}: {voice} is in both; a voice is in one group"
                raise ValueError(msg)
        if not 1 <= self.words[0] <= self.words[1]:
            msg = f"words: {self.words}: from 1 on, and the second is not below the first"
            raise ValueError(msg)
        for key, least in (("captions", 1), ("picture_size", 48), ("feature_size", 1)):
            if getattr(self, key) < least:
                msg = f"{key}: {getattr(self, key)}: at least {least}"
                raise ValueError(msg)

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
