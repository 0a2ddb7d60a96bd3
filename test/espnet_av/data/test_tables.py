"""Values that tables refuse."""

from __future__ import annotations

import pytest

from espnet_av.data.tables import CUTS, FACES, FRAMES, SPEAKERS, TEXT, Table, looks_like_a_table


@pytest.mark.parametrize(
    ("table", "value", "problem"),
    [
        (FRAMES, "3", None),
        (FRAMES, "0", "no positive whole number"),
        (FRAMES, "3.5", "no positive whole number"),
        (CUTS, "rec 0 -1", None),
        (CUTS, "rec 1.5 2", None),
        (CUTS, "rec 2 1", "expected '<recording> <start> <end>'"),
        (CUTS, "rec 2", "expected '<recording> <start> <end>'"),
        (FACES, "0.5 1", None),
        (FACES, "0.5 2", "expected '<x> <y>'"),
        (SPEAKERS, "a b", "speaker: bad id"),
        (TEXT, "anything at all", None),
    ],
)
def test_values(table: Table, value: str, problem: str | None) -> None:
    found = table.problem(value)
    assert found is None if problem is None else problem in (found or "")


def test_which_files_look_like_tables() -> None:
    names = ("utt2x", "reco2y", "x.scp", "text.de", "text.german", "rttm", "my_ctm")
    others = ("utt2x.bak", "text.bak", "notes.txt", "dropped.tsv", "x.scp~", ".utt2x", "conf")
    assert all(map(looks_like_a_table, names))
    assert not any(map(looks_like_a_table, others))
