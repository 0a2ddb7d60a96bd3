"""Turns that come beside recordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.recognition import rttm_lines

from espnet_av.corpora.turns import last_end, read_turns, turns_within
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError

A, B = Segment(0.0, 2.0, "a"), Segment(1.5, 1.5, "b")


def test_turns_are_read_by_recording(tmp_path: Path) -> None:
    text = rttm_lines("x", [(1.5, 1.5, "b"), (0.0, 2.0, "a")]) + rttm_lines(
        "y", [(0, 1, "c"), (2, 0, "d")]
    )
    path = put(tmp_path / "rttm", text)
    assert read_turns(path, ["x"]) == {"x": (A, B), "y": (Segment(0.0, 1.0, "c"),)}


def test_turns_of_other_recordings_and_lines_that_are_none(tmp_path: Path) -> None:
    path = put(tmp_path / "rttm", rttm_lines("x", [(0, 1, "c")]))
    with pytest.raises(DataDirError, match=r"none of its 1 recordings, such as 'x'.*'r1'"):
        read_turns(path, ["r1", "r2"])
    put(path, "")
    with pytest.raises(DataDirError, match="rttm: no turn in it"):
        read_turns(path, ["x"])
    put(path, "SPEAKER x 1 0 nan <NA> <NA> c\n")
    with pytest.raises(DataDirError, match=r"rttm:1: expected 'SPEAKER"):
        read_turns(path, ["x"])


@pytest.mark.parametrize(
    ("seconds", "left"),
    [
        (4.0, (A, B)),
        (2.5, (A, Segment(1.5, 1.0, "b"))),
        (1.5, (Segment(0.0, 1.5, "a"),)),
        (0.0, ()),
    ],
)
def test_turns_end_with_their_recording(seconds: float, left: tuple[Segment, ...]) -> None:
    assert turns_within((A, B), seconds) == left


def test_the_end_of_the_last_turn() -> None:
    assert (last_end([B, A]), last_end([])) == (3.0, 0.0)
