"""Who says what in `mini_av`: the list of utterances, before anything is synthesised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from espnet_av.corpora.mini_av.config import SPLITS, MiniAvConfig
from espnet_av.corpora.mini_av.tales import GRAMMARS


class Line(NamedTuple):
    """One utterance to be made."""

    number: int
    """Of the sentence; the same number means the same thing in every language."""
    split: str
    language: str
    speaker: str
    """Name in `SPEAKERS`."""
    meaning: Any
    """Of its grammar."""
    grammar: str = "commands"
    suffix: str = ".mp4"

    @property
    def speaker_id(self) -> str:
        """Speaker as the data dir names them."""
        return f"{self.language}_{self.speaker}"

    @property
    def utt_id(self) -> str:
        """Utterance as the data dir names it."""
        return f"{self.speaker_id}-{self.number:06d}"

    @property
    def video(self) -> str:
        """Path of the clip below the root of the corpus."""
        return (
            f"{self.language}/video/{self.split}/{self.speaker_id}/{self.number:06d}{self.suffix}"
        )

    @property
    def texts(self) -> dict[str, str]:
        """Language -> the sentence in it, for all of the grammar."""
        return _in_all_languages(self.grammar, self.meaning)


def write_script(config: MiniAvConfig) -> list[Line]:
    """All utterances of a corpus; no sentence is in two splits, and speakers take turns."""
    meanings = _meanings(config)
    suffix = ".mp4" if config.pictures else ".flac"
    lines = []
    number = 0
    for split in SPLITS:
        speakers = config.unseen_speakers if split == "test_unseen" else config.speakers
        alone = config.own_sentences and split == "train"
        for said_by in [(n, lang) for n, lang in enumerate(config.langs)] if alone else [None]:
            for _ in range(config.sizes[split]):
                meaning = next(meanings)
                for shift, language in [said_by] if said_by else enumerate(config.langs):
                    speaker = speakers[(number + shift) % len(speakers)]
                    lines.append(
                        Line(number, split, language, speaker, meaning, config.grammar, suffix)
                    )
                number += 1
    return lines


def write_texts(config: MiniAvConfig) -> list[dict[str, str]]:
    """Sentences that nobody speaks, by language; none of them is in `write_script`."""
    spoken = config.num_sentences - config.num_texts
    return [
        _in_all_languages(config.grammar, meaning)
        for meaning in list(_meanings(config))[spoken : spoken + config.num_texts]
    ]


def _meanings(config: MiniAvConfig) -> Iterator[Any]:
    order = np.random.default_rng(config.seed).permutation(config.words.num_meanings)
    return map(config.words.meaning_of, order.tolist())


def _in_all_languages(grammar: str, meaning: Any) -> dict[str, str]:
    words = GRAMMARS[grammar]
    return {language: words.sentence(meaning, language) for language in words.lexicons}
