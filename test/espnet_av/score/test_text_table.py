"""Rows as text for the terminal and as markdown."""

from espnet_av.score.text_table import format_markdown, format_plain

ROWS = [["name", "WER %", "note"], ["a", "9.5", "x"], ["long name", "12.0", ""]]


def test_columns_of_the_terminal():
    assert format_plain(ROWS, left=(0, 2)).splitlines() == [
        "name       WER %  note",
        "----------------------",
        "a            9.5  x",
        "long name   12.0",
    ]


def test_markdown():
    assert format_markdown(ROWS).splitlines() == [
        "|name|WER %|note|",
        "|---|--:|--:|",
        "|a|9.5|x|",
        "|long name|12.0||",
    ]
