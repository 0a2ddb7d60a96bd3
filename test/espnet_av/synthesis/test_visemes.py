"""The viseme table."""

import pytest

from espnet_av.errors import MediaError
from espnet_av.synthesis.visemes import VISEMES, base_phone, visemes_of


@pytest.mark.parametrize(
    "phones",
    ["p b m", "f v", "t d n", "k g ɡ ŋ", "s z", "ʃ ʒ", "θ ð", "ˈɑː ɑ", "tʃ dʒ", "ts dz", "ɔ̃ ɔ"],
)
def test_phones_that_differ_in_voicing_or_nasality_share_a_shape(phones):
    assert len({visemes_of(phone) for phone in phones.split()}) == 1


def test_shapes_that_lips_tell_apart_differ():
    shapes = [visemes_of(phone) for phone in "pftsʃwiauɹθl"]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize(
    ("name", "base"),
    [("ˈɑː", "ɑ"), ("tʃʲ", "tʃ"), ("ɛ̃", "ɛ"), ("s̪", "s"), ("ˌi", "i"), ("", ""), ("dˤ", "d")],
)
def test_base_phone(name, base):
    assert base_phone(name) == base


def test_diphthongs_affricates_and_pauses():
    assert visemes_of("aɪ") == ("open", "near_close_front")
    assert visemes_of("tʃ") == ("alveolar", "postalveolar")
    assert visemes_of("ss") == ("sibilant",)
    assert visemes_of("") == ("rest",)


def test_unknown_letter_is_named():
    with pytest.raises(MediaError, match="phone 'xʘ': no viseme for 'ʘ'"):
        visemes_of("xʘ")


def test_targets_are_in_range():
    for name, viseme in VISEMES.items():
        assert all(-1 <= value <= 1 for value in viseme[:7]), name
        assert viseme.dominance > 0, name
