"""Turns of talkers: read, written, cut, and brought to frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.rttm import cut_turns, parse_rttm, parse_turns, write_rttm
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError

LINES = """;; a comment
SPKR-INFO rec 1 <NA> <NA> <NA> unknown bob <NA>
SPEAKER rec 1 2.5 2 <NA> <NA> bob <NA> <NA>
SPEAKER rec 1 0.25 3.125 <NA> <NA> ann <NA>
SPEAKER b 1 0 1.000001 <NA> <NA> ann <NA> <NA>
"""


def test_overlapping_turns_come_back(tmp_path: Path) -> None:
    (tmp_path / "rttm").write_text(LINES)
    rows, problems = parse_rttm(tmp_path / "rttm")
    assert not problems
    assert rows == {"b": "0 1.000001 ann", "rec": "0.25 3.125 ann 2.5 2 bob"}
    write_rttm(tmp_path / "again", rows)
    assert parse_rttm(tmp_path / "again") == (rows, [])
    assert parse_turns(rows["rec"])[1] == Segment(2.5, 2.0, "bob")


@pytest.mark.parametrize(
    "line",
    [
        "SPEAKER rec 1 0.5",
        "SPEAKER rec 1 -0.5 1 <NA> <NA> ann <NA> <NA>",
        "SPEAKER rec 1 0 nan <NA> <NA> ann <NA> <NA>",
        "LEXEME rec 1 0 1 hello lex ann 0.5 <NA>",
        "SPEAKER rec 1 0 1 <NA> <NA> ann smith <NA> <NA>",
    ],
)
def test_other_lines_are_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "rttm").write_text(f"SPEAKER rec 1 0 1 <NA> <NA> ann <NA> <NA>\n{line}\n")
    rows, problems = parse_rttm(tmp_path / "rttm")
    assert rows == {"rec": "0 1 ann"}
    assert problems[0].startswith(f"{tmp_path}/rttm:2: expected 'SPEAKER <recording> 1 <start>")


def test_what_a_segment_has_of_its_recording() -> None:
    value = "0 12 ann 5 1 bob 11 3 cem"
    # The talker who begins before a segment and ends after it is in it.
    assert cut_turns(value, 4, 8) == "0 4 ann 1 1 bob"
    assert cut_turns(value, 8, None) == "0 4 ann 3 3 cem"
    assert cut_turns(value, 14, 16) == ""


def test_turns_stay_in_data_dirs(tmp_path: Path) -> None:
    tables = {
        "utt2spk": {"u1": "s", "u2": "s"},
        "segments": {"u1": "rec 0 2", "u2": "rec 2 4"},
        "wav.scp": {"rec": "rec.wav"},
        "rttm": {"rec": "0 1 ann 0.5 3 bob"},
    }
    write_data_dir(tmp_path / "d", tables)
    data = read_data_dir(tmp_path / "d")
    assert data.tables["rttm"] == tables["rttm"]
    assert data.subset(["u2"]).tables["rttm"] == tables["rttm"]
    with pytest.raises(DataDirError, match="rttm: rec: expected '<start> <duration> <talker>"):
        write_data_dir(tmp_path / "e", {**tables, "rttm": {"rec": "0 1"}})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataDirError, match="rttm: no such file"):
        parse_rttm(tmp_path / "rttm")
