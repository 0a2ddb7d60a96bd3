"""Modes down, noises across, in the order people read them."""

from espnet_av.score.matrix import cell, modes_of, noise_title, noises_of, sets_of
from espnet_av.score.text import WER


def records(*places):
    return [{"set": name, "mode": mode, "noise": noise} for name, mode, noise in places]


def test_clean_first_then_each_category_from_quiet_to_loud():
    names = ["music:0", "babble:-5", "babble:10", "clean", "babble:0", "a:0"]
    chosen = records(*(("test", "A", name) for name in [*names, "clean"]))
    expected = ["clean", "a:0", "babble:10", "babble:0", "babble:-5", "music:0"]
    assert noises_of(chosen) == expected


def test_sets_by_appearance_modes_in_their_own_order():
    chosen = records(("b", "AV", "clean"), ("a", "A", "clean"), ("b", "V", "clean"))
    assert sets_of(chosen) == ["b", "a"]
    assert modes_of(chosen) == ["A", "V", "AV"]
    assert modes_of(chosen[:1]) == ["AV"]


def test_titles_and_cells():
    assert noise_title("babble:-2.5") == "babble -2.5 dB"
    assert noise_title("clean") == "clean"
    assert cell({"wer": {"rate": 12.345, "ci95": [1.04, 20.06]}}, WER) == "12.3 [1.0, 20.1]"
    assert cell(None, WER) == "-"
