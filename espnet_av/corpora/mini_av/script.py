"""Who says what in `mini_av`: the list of utterances, before anything is synthesised."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from espnet_av.corpora.mini_av.config import SPLITS, MiniAvConfig
from espnet_av.corpora.mini_av.grammar import LEXICONS, NUM_MEANINGS, Meaning, meaning_of, sentence


class Line(NamedTuple):
    """One utterance to be made."""

    number: int
    """Of the sentence; the same number means the same thing in every language."""
    split: str
    language: str
    speaker: str
    """Name in `SPEAKERS`."""
    meaning: Meaning

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
        return f"{self.language}/video/{self.split}/{self.speaker_id}/{self.number:06d}.mp4"

    @property
    def texts(self) -> dict[str, str]:
        """Language -> the sentence in it, for all nine."""
        return {language: sentence(self.meaning, language) for language in LEXICONS}


def write_script(config: MiniAvConfig) -> list[Line]:
    """All utterances of a corpus; no sentence is in two splits, and speakers take turns."""
    rng = np.random.default_rng(config.seed)
    meanings = iter(rng.permutation(NUM_MEANINGS).tolist())
    lines = []
    number = 0
    for split in SPLITS:
        speakers = config.unseen_speakers if split == "test_unseen" else config.speakers
        for _ in range(config.sizes[split]):
            meaning = meaning_of(next(meanings))
            for shift, language in enumerate(config.langs):
                speaker = speakers[(number + shift) % len(speakers)]
                lines.append(Line(number, split, language, speaker, meaning))
            number += 1
    return lines
