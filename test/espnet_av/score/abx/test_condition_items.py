"""Items of the alignment of a set, in phones and in languages."""

from __future__ import annotations

import pytest
from oracles.abx_decoded import LANGS, decoded, phones, run

from espnet_av.data.table import Segment, write_ctm
from espnet_av.errors import DataDirError
from espnet_av.score.abx.condition_items import phone_items, utterance_items
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.conditions import read_condition


def test_items_of_the_alignment(tmp_path):
    folder = decoded(tmp_path, layers=(3,))
    phones(folder)
    scores = run(tmp_path, "{metric: abx}")
    within, across = (record["abx"] for record in scores["conditions"])
    # b a d and b o d: 16 phones have neighbours, of which a and o share theirs.
    assert within["num_items"] == 6 * 16
    assert within["num_cells"] == 3 * 2 and across["num_cells"] == 3 * 2 * 2
    assert within["most_confused"][0][:2] == ["a", "o"]
    assert scores["conditions"][0]["abx"]["num_utts"] == 6


def test_phones_and_the_one_before_carry_the_language(tmp_path):
    folder = decoded(tmp_path, layers=(3,), langs=LANGS)
    phones(folder)
    items = phone_items(read_condition(folder), {}, "50", AbxOptions())
    assert {(i.phone, i.previous, i.following) for i in items if i.file == "f1"} == {
        ("fr:a", "fr:b", "d"), ("fr:o", "fr:b", "d"), ("fr:d", "fr:a", "b"),
        ("fr:d", "fr:o", "b"), ("fr:b", "fr:d", "o"), ("fr:b", "fr:d", "a"),
    }  # fmt: skip


def test_no_alignment_and_one_of_words(tmp_path):
    condition = read_condition(decoded(tmp_path, layers=(3,)))
    with pytest.raises(DataDirError, match=r"ref\.ctm: missing: .* scoring: \{abx: \{items:"):
        phone_items(condition, {}, "50", AbxOptions())
    write_ctm(condition.folder / "ref.ctm", {"f0": [Segment(0.0, 0.5, "hello")]})
    with pytest.raises(DataDirError, match=r"no phone becomes an item .*does it hold phones"):
        phone_items(condition, {}, "50", AbxOptions())


def test_utterances_are_as_long_as_their_frames(tmp_path):
    class Array:
        num_frames = 60

    condition = read_condition(decoded(tmp_path, layers=(3,), langs=LANGS))
    layers = {"layer3": dict.fromkeys(LANGS, Array())}
    items = utterance_items(condition, layers, "50", AbxOptions())
    assert {(str(i.onset), str(i.offset), i.previous) for i in items} == {("0", "1.2", "1.00s+")}
    assert {i.file: i.phone for i in items} == LANGS
