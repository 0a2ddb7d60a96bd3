"""What a copy of a corpus lacks is counted, written, and judged."""

import logging

import pytest
from corpora_fixtures.clips import coverage, report

from espnet_av.corpora.coverage import Coverage, Part, Problem, PublishedSize
from espnet_av.errors import DroppedTooManyError

TRAIN, TEST = Part("train", "el"), Part("test", "el")


def filled():
    found = Coverage(
        "toy", {TRAIN: PublishedSize(10, 25), Part("train", "ar"): PublishedSize(hours=16)}
    )
    for _ in range(7):
        found.found(TRAIN, 1800)
    found.found(TEST, 36)
    found.lose(TRAIN, Problem("a", "missing", "dropped", "a.mp4:\tno such\nfile"), "missing")
    found.lose(TRAIN, Problem("b", "unreadable", "dropped", "b.mp4: bad"), "unreadable")
    found.note("c", "odd_frame_rate", "kept")
    return found


def test_both_tables(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        filled().finish(tmp_path, 0.2)
    assert report(tmp_path) == [
        ("a", "missing", "dropped"),
        ("b", "unreadable", "dropped"),
        ("c", "odd_frame_rate", "kept"),
    ]
    rows = coverage(tmp_path)
    assert list(rows) == [("train", "el"), ("train", "ar"), ("test", "el"), ("all", "all")]
    assert rows["train", "el"] == {
        "split": "train", "lang": "el", "expected": "9", "found": "7", "incomplete": "0",
        "missing": "1", "unreadable": "1", "unusable": "0", "hours": "3.50",
        "published_clips": "10", "published_hours": "25",
    }  # fmt: skip
    assert (rows["train", "ar"]["expected"], rows["train", "ar"]["published_hours"]) == ("0", "16")
    # Nothing is published of the test set, so the sum would mislead.
    assert (rows["all", "all"]["hours"], rows["all", "all"]["published_hours"]) == ("3.51", "-")
    assert "toy: 1 of 10 clips: odd_frame_rate, kept" in caplog.text
    assert "toy: coverage" in caplog.text


def test_the_limit_is_a_share_of_what_was_promised(tmp_path):
    with pytest.raises(DroppedTooManyError) as caught:
        filled().finish(tmp_path, 0.19)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/prepare_report.tsv: 2 of 10 clips dropped (missing 1, ")
    assert "b (b.mp4: bad)" in message
    assert "--max_missing_ratio 0.21" in message
    assert report(tmp_path), "the report is there to look at"


def test_only_the_first_offenders_are_named(tmp_path):
    found = Coverage("toy")
    for number in range(8):
        problem = Problem(f"u{number}", "missing_video", "kept, sound alone", "")
        found.lose(TRAIN, problem, "incomplete", 1.0)
    with pytest.raises(DroppedTooManyError, match=r"8 of 8 clips dropped or incomplete") as caught:
        found.finish(tmp_path, 0.5)
    assert "u4 (missing_video) and 3 more;" in str(caught.value)


def test_the_whole_may_be_published_without_its_parts(tmp_path):
    found = Coverage("toy", total=PublishedSize(100, 2))
    found.found(TRAIN, 3600)
    found.finish(tmp_path, 0.0)
    rows = coverage(tmp_path)
    assert (rows["train", "el"]["published_clips"], rows["all", "all"]["published_clips"]) == (
        "-",
        "100",
    )
