"""Names and lists of test conditions."""

from pathlib import Path

import pytest

from espnet_av.data.missing_video import KINDS, MissingVideo
from espnet_av.data.noise_condition import NoiseCondition
from espnet_av.errors import ConfigError
from espnet_av.predict.condition import (
    Condition,
    list_conditions,
    parse_missing_video,
    parse_noise,
)


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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "share"), [("0.5", 0.5), ("1", 1.0), (".25", 0.25), ("0.05", 0.05)]
)
def test_missing_video_is_read(kind, text, share):
    missing = parse_missing_video(f"{kind}:{text}")
    assert missing == MissingVideo(kind, share)
    assert parse_missing_video(str(missing)) == missing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("black:0.5", "expected 'kind:share' as in 'start:0.5', with a kind of whole, frames"),
        ("start", "expected 'kind:share'"),
        ("start:half", "expected 'kind:share'"),
        ("start:-0.5", "expected 'kind:share'"),
        ("start:50%", "expected 'kind:share'"),
        ("start:0", "above 0 and at most 1"),
        ("whole:50", "above 0 and at most 1"),
    ],
)
def test_bad_missing_video_is_named(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_missing_video(text)


def test_missing_video_has_its_own_folder():
    condition = Condition(
        set_name="test",
        mode="AV",
        noise=NoiseCondition("babble", 0.0),
        missing_video=MissingVideo("whole", 0.25),
    )
    assert condition.folder == Path("test/AV_babble_0dB_whole_0.25")


def test_video_is_missing_in_every_noise_but_only_where_there_is_video():
    listed = list_conditions(
        ["test", "read"],
        ["A", "V", "AV"],
        ["clean", "babble:0"],
        sound_only=["read"],
        missing_video=["whole:0.5", "start:1"],
    )
    assert [str(c.folder) for c in listed] == [
        "test/A_clean",
        "test/A_babble_0dB",
        "test/V_clean",
        "test/V_clean_start_1",
        "test/AV_clean",
        "test/AV_clean_whole_0.5",
        "test/AV_clean_start_1",
        "test/AV_babble_0dB",
        "test/AV_babble_0dB_whole_0.5",
        "test/AV_babble_0dB_start_1",
        "read/A_clean",
        "read/A_babble_0dB",
    ]


def test_missing_video_needs_a_mode_with_video_and_is_asked_for_once():
    with pytest.raises(ConfigError, match="--modes A has no video; add AV"):
        list_conditions(["test"], ["A"], ["clean"], missing_video=["start:0.5"])
    with pytest.raises(ConfigError, match=r"AV_clean_start_0.5: asked for twice"):
        list_conditions(["test"], ["AV"], ["clean"], missing_video=["start:0.5", "start:.5"])


def test_films_without_sound_are_seen_alone_and_once():
    found = list_conditions(["a", "f"], ["A"], ["clean", "babble:0"], {"a"}, films_only={"f"})
    assert [str(c.folder) for c in found] == ["a/A_clean", "a/A_babble_0dB", "f/V_clean"]
