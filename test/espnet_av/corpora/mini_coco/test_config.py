"""Configurations that are refused."""

import pytest

from espnet_av.config import build
from espnet_av.corpora.mini_coco.config import MiniCocoConfig
from espnet_av.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"langs": ["en", "xx"]}, r"langs: unknown xx.*from: en fr es"),
        ({"train_voices": ["m1", "whisper"]}, r"train_voices: unknown whisper"),
        ({"test_voices": ["m6", "m6"]}, r"test_voices: repeated"),
        ({"valid_voices": []}, r"valid_voices: repeated or empty"),
        ({"test_voices": ["m1"]}, r"train_voices and test_voices: m1 is in both"),
        ({"test_voices": ["f2"]}, r"caption_voices and test_voices: f2 is in both"),
        ({"words": [5, 3]}, r"words: \(5, 3\): from 1 on"),
        ({"captions": 0}, r"captions: 0: at least 1"),
        ({"scenes": {"train": 1, "valid": -1, "test": 1}}, r"valid -1.*negative"),
    ],
)
def test_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        build(MiniCocoConfig, given, "corpus.yaml")


def test_another_configuration_has_another_digest():
    digests = {
        c.digest for c in (MiniCocoConfig(), MiniCocoConfig(seed=2), MiniCocoConfig(captions=3))
    }
    assert len(digests) == 3
