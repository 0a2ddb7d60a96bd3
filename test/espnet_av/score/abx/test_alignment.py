"""Which phones of an alignment become items, and why others do not."""

import pytest

from espnet_av.bin import items as items_bin
from espnet_av.data.table import Segment, write_ctm, write_table
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.abx.alignment import ItemRules, describe, items_of
from espnet_av.score.abx.items import read_items


def row(text, step=0.1, start=0.0):
    """An alignment of phones that last 0.1 s each."""
    return [Segment(start + step * n, step, name) for n, name in enumerate(text.split())]


def made(text, **rules):
    rows = row(text) if isinstance(text, str) else text
    return items_of({"u": rows}, {"u": "01"}, ItemRules(**({"min_group": 1} | rules)))


def words(found):
    return [f"{i.previous} {i.phone} {i.following} {i.onset}-{i.offset}" for i in found]


def test_kinds():
    assert words(made("a b c")[0]) == ["a b c 0-0.3"]
    assert words(made("a b c", kind="phoneme")[0]) == ["a b c 0.1-0.2"]
    assert made("a b c")[0][0].speaker == "01"


def test_silence_and_what_is_beside_it():
    found, reasons = made("SIL a b c sp d e f spn")
    assert words(found) == ["a b c 0.1-0.4", "d e f 0.5-0.8"]
    assert reasons == {"silence": 3, "beside silence": 4}
    found, reasons = made("a b c breath", silences=("breath",))
    assert words(found) == ["a b c 0-0.3"]
    assert reasons == {"at an end of the utterance": 1, "beside silence": 1, "silence": 1}


def test_gaps_are_no_neighbours():
    rows = [*row("a b"), *row("c d", start=0.25)]
    assert made(rows)[1] == {"at an end of the utterance": 2, "beside a gap": 2}


@pytest.mark.parametrize(
    ("seconds", "reason"), [(0.02, "shorter than 0.03 s"), (0.6, "longer than 0.5 s")]
)
def test_lengths(seconds, reason):
    rows = [Segment(0, 0.1, "a"), Segment(0.1, seconds, "b"), Segment(0.1 + seconds, 0.1, "c")]
    assert made(rows)[1] == {"at an end of the utterance": 2, reason: 1}


def test_groups_of_one_are_left_out():
    found, reasons = made("a b c d a b c", min_group=2)
    assert [i.phone for i in found] == ["b", "b"]
    assert reasons["fewer than 2 by its talker"] == 3


def test_names():
    assert words(made("a_B AH0_I c_E")[0]) == ["a AH0 c 0-0.3"]
    assert words(made("a_B AH0_I c_E", strip_stress=True)[0]) == ["a AH c 0-0.3"]
    assert words(made("a_B AH0_I c_E", strip_position=False)[0]) == ["a_B AH0_I c_E 0-0.3"]
    assert words(made("a 2 c", strip_stress=True)[0]) == ["a 2 c 0-0.3"]
    with pytest.raises(DataDirError, match="u: the label 'a b' holds a space"):
        made([Segment(0, 0.1, "a b")])


def test_rules_that_cannot_be():
    for rules in ({"min_group": 0}, {"min_sec": 0.5}, {"min_sec": -1}, {"kind": "word"}):
        with pytest.raises(ConfigError):
            ItemRules(**rules)
    with pytest.raises(DataDirError, match="v: its alignment has no talker"):
        items_of({"v": row("a b c")}, {"u": "s"}, ItemRules())


def test_counts():
    found, _ = made("b a d b o d b a d b o d")
    counts = describe(found)
    assert counts == {
        "items": 10, "phones": 4, "triphones": 6, "speakers": 1,
        "cells within speakers": 2, "cells across speakers": 0,
    }  # fmt: skip
    assert describe([])["cells within speakers"] == 0


def test_the_verb(tmp_path, capsys):
    data = tmp_path / "data"
    data.mkdir()
    write_ctm(data / "ctm", {"u": row("b a d b o d b a d b o d"), "v": row("b a d")})
    write_table(data / "utt2spk", {"u": "s", "v": "t"})
    items_bin.main([str(data), str(tmp_path / "x.item"), "--min_group", "1"])
    assert len(read_items(tmp_path / "x.item")) == 11
    printed = capsys.readouterr().out
    assert "11 items, 4 phones" in printed and "left out: 4 at an end" in printed
    assert "WARNING: 2 cells within speakers, fewer than 1000" in printed
    write_ctm(data / "ctm", {"u": row("hello world")})
    with pytest.raises(SystemExit, match=r"no phone becomes an item .*does it hold"):
        items_bin.main([str(data), str(tmp_path / "x.item")])
