"""Configuration of the corpus `mini_av`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated

from espnet_av.config import Choice, to_dict
from espnet_av.corpora.mini_av.slots import Grammar
from espnet_av.corpora.mini_av.speaker import SPEAKERS
from espnet_av.corpora.mini_av.tales import GRAMMARS
from espnet_av.fingerprint import SHORT, fingerprint
from espnet_av.synthesis.mouth_motion import Articulation

SPLITS = ("train", "valid", "test", "test_unseen")
_FORMAT = 1
"""Raise it whenever an equal configuration would give another corpus."""
_LATER = {"grammar": "commands", "own_sentences": False, "pictures": True, "num_texts": 0}
"""Fields that came later, with the values by which a corpus is what it was before."""


@dataclass(frozen=True, kw_only=True)
class MiniAvConfig:
    """What to synthesise; equal configurations give equal pictures, texts and phone times."""

    langs: tuple[str, ...] = ("en",)
    """Languages of the grammar; each gets the same sentences, translated."""
    grammar: Annotated[str, Choice("corpora.mini_av.tales.GRAMMARS")] = "commands"
    """What is said: `commands` with spelled letters in `ar de el en es fr it pt ru`, or `tales` of
    who does what where and when in `de en es fr id it nl pt ru tr`."""
    own_sentences: bool = False
    """Whether what one language says in training no other one does; valid and test are shared."""
    pictures: bool = True
    """Whether there are faces; without them clips are sound."""
    num_texts: int = 0
    """Sentences that nobody speaks, in all languages of the grammar (`parallel.tsv`)."""
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
        _check_names("grammar", (self.grammar,), tuple(GRAMMARS))
        _check_names("langs", self.langs, tuple(self.words.lexicons))
        _check_names("speakers", self.speakers, tuple(SPEAKERS))
        _check_names("unseen_speakers", self.unseen_speakers, tuple(SPEAKERS))
        if set(self.speakers) & set(self.unseen_speakers):
            msg = f"unseen_speakers: {set(self.speakers) & set(self.unseen_speakers)} also train"
            raise ValueError(msg)
        most = self.words.num_meanings
        told = {**self.sizes, "texts": self.num_texts}
        if min(told.values()) < 0 or not sum(self.sizes.values()) or self.num_sentences > most:
            msg = (
                f"num_*: {told}: none is negative, something is said, and together these are "
                f"{self.num_sentences} sentences of the {most} that there are"
            )
            raise ValueError(msg)

    @property
    def words(self) -> Grammar:
        """What can be said."""
        return GRAMMARS[self.grammar]

    @property
    def num_sentences(self) -> int:
        """Different sentences that are needed."""
        again = self.num_train * (len(self.langs) - 1) if self.own_sentences else 0
        return sum(self.sizes.values()) + again + self.num_texts

    @property
    def sizes(self) -> dict[str, int]:
        """Split -> number of utterances of each language."""
        return {split: int(getattr(self, f"num_{split}")) for split in SPLITS}

    @property
    def digest(self) -> str:
        """Short hash by which a finished corpus is recognised."""
        told = to_dict(self)
        told = {key: value for key, value in told.items() if _LATER.get(key, ...) != value}
        text = json.dumps([_FORMAT, told], sort_keys=True)
        return fingerprint([text], SHORT)


def _check_names(key: str, names: tuple[str, ...], valid: tuple[str, ...]) -> None:
    unknown = sorted(set(names) - set(valid))
    if unknown or len(set(names)) < len(names) or not names:
        what = f"unknown {unknown[0]}" if unknown else "repeated or empty"
        msg = f"{key}: {what}; choose one or more, each once, from: {' '.join(valid)}"
        raise ValueError(msg)
