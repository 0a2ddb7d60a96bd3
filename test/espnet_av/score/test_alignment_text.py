"""Alignments to read."""

from espnet_av.score.alignment_text import format_alignments
from espnet_av.score.edits import UtteranceAlignment


def test_columns_line_up():
    pairs = [("bin", "bin"), ("blue", "red"), (None, "uh"), ("at", None)]
    assert format_alignments([UtteranceAlignment("s1-a", pairs)]).splitlines() == [
        "id: (s1-a)",
        "Scores: (#C #S #D #I) 1 1 1 1",
        "REF:  bin BLUE *** AT",
        "HYP:  bin RED  UH  ***",
        "Eval:     S    I   D",
    ]


def test_characters_show_spaces():
    text = format_alignments([UtteranceAlignment("u", [("a", "a"), (" ", None), ("b", "c")])])
    assert "REF:  a _ B" in text
    assert "HYP:  a * C" in text
