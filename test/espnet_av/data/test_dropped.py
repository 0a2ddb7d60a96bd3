"""What is left out: the table, the line of the log, and when it is too much."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.errors import DroppedTooManyError

DROPS = [
    Drop("u2", "too short", "0.1 s"),
    Drop("u1", "unreadable", "no such file:\n\t/x/u1.mp4  "),
    Drop("u3", "too short", "0.05 s"),
]


def test_a_drop_is_one_line_in_the_order_given(tmp_path: Path) -> None:
    write_dropped(tmp_path / "dropped.tsv", DROPS)
    assert (tmp_path / "dropped.tsv").read_text() == (
        "utt_id\treason\tvalue\n"
        "u2\ttoo short\t0.1 s\n"
        "u1\tunreadable\tno such file: /x/u1.mp4\n"
        "u3\ttoo short\t0.05 s\n"
    )
    write_dropped(tmp_path / "dropped.tsv", [])
    assert (tmp_path / "dropped.tsv").read_text() == "utt_id\treason\tvalue\n"


def test_counts_are_logged_by_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        check_dropped(Path("d.tsv"), DROPS, 10, 0.5)
        check_dropped(Path("d.tsv"), [], 0, 0.0)
    assert caplog.messages == [
        "d.tsv: kept 7 of 10 utterances; dropped: 2 too short, 1 unreadable",
        "d.tsv: kept 0 of 0 utterances; dropped: none",
    ]


def test_a_share_may_be_reached_but_not_passed(caplog: pytest.LogCaptureFixture) -> None:
    check_dropped(Path("d.tsv"), DROPS, 12, 0.25)
    with caplog.at_level(logging.INFO), pytest.raises(DroppedTooManyError) as raised:
        check_dropped(Path("d.tsv"), DROPS, 11, 0.25)
    assert str(raised.value) == (
        "3 of 11 utterances dropped (2 too short, 1 unreadable), more than max_dropped_ratio 0.25 "
        "allows; first: u2: too short 0.1 s. Look at d.tsv, then correct the data or raise "
        "max_dropped_ratio"
    )
    assert "kept 8 of 11" in caplog.text
