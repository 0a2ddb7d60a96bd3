"""Names and lists of test conditions."""

from pathlib import Path

import pytest

from espnet_av.data.dataset import NoiseCondition
from espnet_av.errors import ConfigError
from espnet_av.search.condition import Condition, list_conditions, parse_noise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clean", None),
        ("babble:0", NoiseCondition("babble", 0.0)),
        ("music:-5dB", NoiseCondition("music", -5.0)),
        ("babble:2.5", NoiseCondition("babble", 2.5)),
    ],
)
def test_noise_is_read(text, expected):
    assert parse_noise(text) == expected


@pytest.mark.parametrize("text", ["babble", "babble:", ":5", "babble:loud", "a b:1", "../x:1"])
def test_bad_noise_is_named(text):
    with pytest.raises(ConfigError, match="expected 'clean' or 'category:dB'"):
        parse_noise(text)


def test_folder_and_name():
    condition = Condition(set_name="test", mode="A", noise=NoiseCondition("babble", -5.0))
    assert condition.folder == Path("test/A_babble_-5dB")
    assert condition.noise_name == "babble:-5"
    assert Condition(set_name="test", mode="V").folder == Path("test/V_clean")


def test_lips_alone_are_decoded_once_even_without_clean():
    listed = list_conditions(["test", "dev"], ["A", "V"], ["babble:0", "babble:5"])
    assert [str(c.folder) for c in listed] == [
        "test/A_babble_0dB",
        "test/A_babble_5dB",
        "test/V_clean",
        "dev/A_babble_0dB",
        "dev/A_babble_5dB",
        "dev/V_clean",
    ]


def test_sets_without_video_are_decoded_by_their_sound_alone():
    listed = list_conditions(["test", "read"], ["A", "V", "AV"], ["clean"], sound_only=["read"])
    assert [str(c.folder) for c in listed] == [
        "test/A_clean", "test/V_clean", "test/AV_clean", "read/A_clean",
    ]  # fmt: skip
