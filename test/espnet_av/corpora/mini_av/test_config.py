"""The configuration of mini_av."""

import dataclasses

import pytest

from espnet_av.config import build
from espnet_av.corpora.mini_av import MiniAvConfig
from espnet_av.errors import ConfigError


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"langs": ["en", "xx"]}, "langs: unknown xx"),
        ({"langs": []}, "langs: repeated or empty"),
        ({"speakers": ["m1", "m1"]}, "speakers: repeated"),
        ({"speakers": ["m7"]}, "unseen_speakers: .*m7.* also train"),
        ({"unseen_speakers": ["m9"]}, "unseen_speakers: unknown m9"),
        ({"num_valid": -1}, "none is negative"),
        ({"num_train": 90000}, "together these are 90270 sentences of the 61440 that there are"),
        ({"langs": ["el"], "grammar": "tales"}, "langs: unknown el; .* from: de en es fr id"),
        ({"grammar": "tales", "num_texts": 9000}, "sentences of the 9216"),
        ({"num_texts": -1}, "none is negative"),
        ({"grammar": "tale"}, "grammar.*tales"),
        ({"hardness": {"gain": -1.0}}, "hardness"),
        ({"voices": ["m1"]}, "unknown key 'voices'"),
    ],
)
def test_impossible_configurations(wrong, message):
    with pytest.raises(ConfigError, match=message):
        build(MiniAvConfig, wrong)


def test_digest_follows_every_field():
    config = MiniAvConfig()
    assert config.digest == MiniAvConfig().digest
    for change in ({"seed": 2}, {"num_test": 3}, {"langs": ("de",)}):
        assert dataclasses.replace(config, **change).digest != config.digest


def test_corpora_of_before_are_known_again():
    assert MiniAvConfig().digest == "4d7a5d2f6bf5948a"
    later = MiniAvConfig(grammar="tales", langs=("de",), num_texts=1, pictures=False)
    assert later.digest != dataclasses.replace(later, num_texts=2).digest
