"""Lists of segments: the fast way reads what the parser of YAML does."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.translations import talk_entry

from espnet_av.corpora.talk_list import TalkSegment, read_aligned, read_talk_list
from espnet_av.errors import DataDirError

PLAIN = [talk_entry("ted_767", 16.08, 19.58), talk_entry("ted_1", 0.0, 1.25)]


def times(path: Path) -> list[tuple[str, float, float, str]]:
    found = read_talk_list(path)
    assert all(isinstance(item, TalkSegment) for item in found)
    return [item[:4] for item in found if isinstance(item, TalkSegment)]


def test_both_ways_of_reading_agree(tmp_path: Path) -> None:
    plain = put(tmp_path / "plain.yaml", "\n".join(PLAIN) + "\n")
    assert times(plain) == [("ted_767", 16.08, 19.58, "spk.7"), ("ted_1", 0.0, 1.25, "spk.1")]
    for text in (
        "\n".join(["# a comment", *PLAIN]),
        "\n".join(PLAIN).replace("ted_1.wav", '"ted_1.wav"'),
        "\n".join(PLAIN).replace(", ", ",\n   "),
        "\n".join(PLAIN).replace("- {", "-\n  ").replace(", ", "\n  ").replace("}", ""),
    ):
        other = put(tmp_path / "other.yaml", text)
        assert times(other) == times(plain)


def test_names_that_look_like_numbers(tmp_path: Path) -> None:
    for quote in ("", '"'):
        text = f"- {{duration: 1e0, offset: 0.5, wav: {quote}12_30{quote}}}\n"
        assert times(put(tmp_path / "x.yaml", text)) == [("12_30", 0.5, 1.5, "")]


def test_an_empty_list_has_no_segment(tmp_path: Path) -> None:
    assert read_talk_list(put(tmp_path / "empty.yaml", "")) == []


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("- {duration: 1.0, offset: x, wav: a.wav}", "expected wav, offset and duration"),
        ("- {duration: inf, offset: 0.0, wav: a.wav}", "expected wav, offset and duration"),
        ("- {duration: 1.0, offset: 0.0}", "expected wav, offset and duration"),
        ("- some text", "expected wav, offset and duration, got 'some text'"),
        ("- {duration: 0.0, offset: 1.0, wav: a.wav}", "1 s to 1 s, a stretch without length"),
        ("- {duration: 1.0, offset: -1.0, wav: a.wav}", "-1 s to 0 s, a stretch"),
    ],
)
def test_wrong_entries_are_told_and_the_others_read(tmp_path: Path, entry: str, told: str) -> None:
    path = put(tmp_path / "x.yaml", f"{PLAIN[0]}\n{entry}\n{PLAIN[1]}\n")
    first, wrong, last = read_talk_list(path)
    assert isinstance(first, TalkSegment) and isinstance(last, TalkSegment)
    assert isinstance(wrong, str) and wrong.startswith(f"{path}:2: ") and told in wrong


@pytest.mark.parametrize(
    ("text", "told"),
    [("a: 1\n", "expected a list of segments, found a dict"), ("- {a: 1\n- {b", "no YAML")],
)
def test_what_is_no_list(tmp_path: Path, text: str, told: str) -> None:
    path = put(tmp_path / "x.yaml", text)
    with pytest.raises(DataDirError, match=f"x.yaml: {told}"):
        read_talk_list(path)


def test_texts_have_a_line_for_each_segment(tmp_path: Path) -> None:
    beside = tmp_path / "x.yaml"
    text = put(tmp_path / "x.de", "a\n\n\u2028c\n")
    assert read_aligned(text, 3, beside) == ["a", "", "\u2028c"]
    put(text, "a\n\n\n\n")
    assert read_aligned(text, 2, beside) == ["a", ""]
    put(text, "a\n\n\u2028c")
    with pytest.raises(DataDirError, match=r"x\.de: 3 lines, but x\.yaml beside it has 2 segments"):
        read_aligned(text, 2, beside)
