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
        ({"num_valid": -1}, "none is negative"),
        ({"num_train": 70000}, "together they are 1 to 61440"),
        (
            {"langs": ["de", "fr"], "same_sentences": False, "num_train": 31000},
            "together they are 1 to 30720",
        ),
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
    changes = ({"seed": 2}, {"num_test": 3}, {"langs": ("de",)}, {"same_sentences": False})
    for change in changes:
        assert dataclasses.replace(config, **change).digest != config.digest


def test_corpora_from_before_a_field_was_added_are_recognised():
    assert MiniAvConfig().digest == "4d7a5d2f6bf5948a"
