"""Who says what in `mini_coco`, and which scenes there are: before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from espnet_av.corpora.mini_coco.caption import draw_captions
from espnet_av.corpora.mini_coco.config import SPLITS, MiniCocoConfig
from espnet_av.corpora.mini_coco.language import LANGUAGES
from espnet_av.corpora.mini_coco.scene import Scene, draw_scenes
from espnet_av.corpora.mini_coco.word_list import words_of

PARTS = ("caption", "speech")
"""What is said of scenes, and sentences without pictures."""
_SCENES, _CAPTIONS, _SENTENCES = range(3)
"""Streams of random numbers."""


class Saying(NamedTuple):
    """One utterance to be made."""

    utt_id: str
    part: str
    split: str
    language: str
    voice: str
    number: int
    """Within its part, language and split apart: what it is drawn by."""
    text: str
    image: str
    """Scene that is captioned; empty: none."""
    half: str
    """`a` or `b`: halves of the training sentences, with all voices in each; else empty."""

    @property
    def table(self) -> str:
        """Path below the root of the corpus, without its ending, of the table that lists it."""
        return f"{self.language}/{self.part}_{self.split}"

    @property
    def sound(self) -> str:
        """Path of its sound below the root of the corpus."""
        return f"{self.table}/{self.utt_id}.flac"


class Drawing(NamedTuple):
    """One scene to be drawn."""

    image: str
    split: str
    number: int
    scene: Scene

    @property
    def path(self) -> str:
        """Path of the picture below the root of the corpus."""
        return f"images/{self.split}/{self.image}.png"


def write_scenes(config: MiniCocoConfig) -> list[Drawing]:
    """All scenes; none is there twice."""
    scenes = draw_scenes(np.random.default_rng([config.seed, _SCENES]))
    found: list[Drawing] = []
    for split in SPLITS:
        for scene in islice(scenes, getattr(config.scenes, split)):
            found.append(Drawing(f"scene-{len(found):06d}", split, len(found), scene))
    return found


def write_script(config: MiniCocoConfig) -> list[Saying]:
    """All utterances."""
    return [*_captions(config), *_sentences(config)]


def _captions(config: MiniCocoConfig) -> Iterator[Saying]:
    for picture in write_scenes(config):
        rng = np.random.default_rng([config.seed, _CAPTIONS, picture.number])
        drawn = draw_captions(picture.scene, config.langs, config.captions, rng)
        for index, texts in enumerate(drawn):
            number = picture.number * config.captions + index
            for shift, language in enumerate(config.langs):
                voice = config.caption_voices[(number + shift) % len(config.caption_voices)]
                utt_id = f"{voice}-{language}-{picture.image}-{index}"
                yield Saying(
                    *(utt_id, "caption", picture.split, language, voice, number),
                    *(texts[language], picture.image, ""),
                )


def _sentences(config: MiniCocoConfig) -> Iterator[Saying]:
    for language in config.langs:
        words = words_of(LANGUAGES[language].words)
        rng = np.random.default_rng([config.seed, _SENTENCES, *language.encode()])
        number = 0
        for split in SPLITS:
            voices = getattr(config, f"{split}_voices")
            for index in range(getattr(config.sentences, split)):
                count = int(rng.integers(config.words[0], config.words[1] + 1))
                text = " ".join(rng.choice(words, count, replace=False).tolist())
                turn, voice = divmod(index, len(voices))
                half = "ab"[turn % 2] if split == "train" else ""
                utt_id = f"{voices[voice]}-{language}-speech-{number:06d}"
                yield Saying(
                    *(utt_id, "speech", split, language, voices[voice], number),
                    *(text, "", half),
                )
                number += 1
