"""Voices differ from each other more than from themselves."""

import numpy as np
import pytest

from espnet_av.corpora.mini_coco.config import MiniCocoConfig
from espnet_av.corpora.mini_coco.voices import VOICES, voice_of
from espnet_av.synthesis.espeak import synthesise


def test_each_has_a_pace_and_a_pitch_of_its_own():
    found = [voice_of(name, "fr", np.random.default_rng(0)) for name in VOICES]
    assert len(set(VOICES)) == len(VOICES) >= 40
    assert len({(voice.rate, voice.pitch, voice.pitch_range) for voice in found}) > 35
    again = voice_of("m1", "fr", np.random.default_rng(1))
    assert abs(again.rate - found[0].rate) <= 24
    assert again != found[0]


@pytest.mark.parametrize("language", ["en-us", "fr", "es"])
def test_all_of_the_corpus_can_be_heard(language):
    config = MiniCocoConfig()
    names = (*config.caption_voices, *config.train_voices, *config.valid_voices)
    for name in (*names, *config.test_voices):
        speech = synthesise("la", voice_of(name, language, np.random.default_rng(0)))
        assert np.abs(speech.samples).max() > 2000, name
