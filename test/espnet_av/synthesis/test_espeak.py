"""The binding of libespeak-ng."""

import ctypes
import sys

import numpy as np
import pytest

from espnet_av.errors import MediaError
from espnet_av.synthesis import espeak
from espnet_av.synthesis.espeak import Voice, library_version, synthesise

VOICE = Voice(language="en-us", variant="f2")


def test_equal_calls_give_equal_samples_whatever_was_said_before():
    first = synthesise("place red at b two now", VOICE)
    synthesise("stell rot", Voice(language="de", variant="m3", rate=200))
    library_version()
    second = synthesise("place red at b two now", VOICE)
    np.testing.assert_array_equal(first.samples, second.samples)
    assert first.phonemes == second.phonemes


def test_another_seed_gives_another_wave():
    first, second = (synthesise("place red", VOICE, seed=seed) for seed in (1, 2))
    assert not np.array_equal(first.samples, second.samples)
    assert first.phonemes == second.phonemes


def test_phoneme_events_are_in_order_and_end_with_the_speech():
    speech = synthesise("bin blue", VOICE)
    starts = [start for start, _ in speech.phonemes]
    assert [name for _, name in speech.phonemes if name] == ["b", "ˈɪ", "n", "b", "l", "ˈuː"]
    assert starts == sorted(starts)
    assert 0.5 * len(speech.samples) < starts[-1] <= len(speech.samples)
    assert speech.sample_rate == 22050
    assert speech.samples.dtype == np.int16
    assert np.abs(speech.samples).max() > 1000


def test_rate_changes_the_length():
    slow, fast = (
        synthesise("bin blue", Voice(language="en-us", variant="m1", rate=rate))
        for rate in (120, 240)
    )
    assert len(slow.samples) > 1.5 * len(fast.samples)


def test_ssml_letter_is_no_article():
    letter = synthesise('<say-as interpret-as="characters">a</say-as> two', VOICE, ssml=True)
    article = synthesise("a two", VOICE)
    assert letter.phonemes[0][1].endswith("eɪ")
    assert not article.phonemes[0][1].endswith("eɪ")


@pytest.mark.parametrize(
    ("variant", "nearest"),
    [("m99", "m1"), ("M1", "m1"), ("", "Alex"), ("annie", "Annie"), ("../lang", "")],
)
def test_a_variant_that_does_not_exist_is_not_spoken_by_another_voice(variant, nearest):
    with pytest.raises(MediaError, match=rf"variant '{variant}' is none .* nearest: .*({nearest})"):
        synthesise("a", Voice(language="en-us", variant=variant))


def test_a_variant_within_the_language_is_refused():
    with pytest.raises(MediaError, match=r"'en-us\+f1' names a variant"):
        synthesise("a", Voice(language="en-us+f1", variant="m1"))


def test_unknown_voice_is_named():
    with pytest.raises(MediaError, match=r"'xx\+m1'.*'en-us'"):
        synthesise("a", Voice(language="xx", variant="m1"))


def test_missing_wheel_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MediaError, match="pip install espeakng-loader"):
        library_version()


def test_library_held_by_somebody_else_is_refused():
    import _ctypes

    held = ctypes.CDLL(espeak._find_library()[0])
    try:
        with pytest.raises(MediaError, match="in a process of its own"):
            synthesise("a", VOICE)
    finally:
        _ctypes.dlclose(held._handle)
    assert len(synthesise("a", VOICE).samples)


def test_unreadable_voice_data_is_named(monkeypatch, tmp_path):
    import espeakng_loader

    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: tmp_path / "nothing")
    with pytest.raises(MediaError, match="nothing: no voice data"):
        library_version()
