"""Text and JSON that are damaged are named with place and cure, never read as something else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from espnet_av.errors import DataDirError, TokenError
from espnet_av.text_file import quoted, read_json, read_labels, read_text

READERS: list[Callable[..., Any]] = [read_text, read_labels, read_json]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"one\ntwo\nna\xefve\n", r"a\.txt:3: byte 0xef is not UTF-8"),
        (b"one\n\xf0\x9f\x98", r"a\.txt:2: byte 0xf0 is not UTF-8"),
        (bytes(40), "holds zero bytes"),
        (b"one\ntw\0", r"a\.txt:2: holds zero bytes"),
        ("one\n".encode("utf-16-le"), "holds zero bytes"),
        (b"\xff\xfeo\0", "UTF-16 text"),
        (b"\x1f\x8b\x08\x00", "byte 0x8b is not UTF-8"),
    ],
)
def test_what_is_no_text(
    tmp_path: Path, read: Callable[..., Any], content: bytes, words: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataDirError, match=f"{words}.*"):
        read(path, DataDirError, "make it again")


@pytest.mark.parametrize("read", READERS)
def test_missing_and_folder(tmp_path: Path, read: Callable[..., Any]) -> None:
    with pytest.raises(TokenError, match=r"a\.txt: no such file; make it again"):
        read(tmp_path / "a.txt", TokenError, "make it again")
    with pytest.raises(TokenError, match="a folder, where a file is expected; make it again"):
        read(tmp_path, TokenError, "make it again")


def test_text_keeps_its_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeffa\r\nb\u2028c\rd".encode())
    assert read_text(tmp_path / "a", DataDirError, "") == "a\r\nb\u2028c\rd"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a\nb\nc", r":3: the last line has no end, so the file was cut short; again"),
        ("", ":1: the last line has no end"),
        ("a\n\nb\n", ":2: empty line"),
        ("a\nb\na\n", ":3: 'a' stands in line 1 already"),
    ],
)
def test_list_that_lost_lines(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "tokens.txt").write_text(content, encoding="utf-8")
    with pytest.raises(TokenError, match=words):
        read_labels(tmp_path / "tokens.txt", TokenError, "again")


def test_labels_may_be_what_unicode_takes_for_a_line_end(tmp_path: Path) -> None:
    labels = ["a", "\u2028", "\r", "\x85", " "]
    (tmp_path / "a").write_bytes("".join(f"{label}\n" for label in labels).encode())
    assert read_labels(tmp_path / "a", TokenError, "") == labels


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ('{"a": 1', "not valid JSON"),
        ("[1]", "found a list"),
        ("7", "found a int"),
        ("null", "found a NoneType"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_json_of_another_form(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataDirError, match=rf"a\.json: .*{words}.*; make it again"):
        read_json(tmp_path / "a.json", DataDirError, "make it again")


def test_long_values_are_shortened() -> None:
    assert quoted("x" * 200) == "x" * 200
    assert quoted("x" * 5000) == "x" * 200 + "... (5000 characters)"
