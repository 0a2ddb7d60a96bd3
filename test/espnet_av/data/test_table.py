"""One Kaldi text file: what a line may be, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.table import (
    Segment,
    decoded_lines,
    id_problem,
    is_ark_pointer,
    parse_ctm,
    parse_table,
    path_problem,
    raise_problems,
    read_table,
    seconds,
    sort_key,
    write_ctm,
    write_table,
)
from espnet_av.errors import DataDirError


@pytest.mark.parametrize("name", ["a", "7", "A.b_c-D", "s1-", "u" * 200])
def test_ids(name: str) -> None:
    assert id_problem(name) is None


@pytest.mark.parametrize("name", ["", "-a", ".a", "_a", "a b", "a/b", "a..b", "é", "a\n", "a:1"])
def test_what_is_no_id(name: str) -> None:
    problem = id_problem(name)
    assert problem is not None and problem.startswith(f"bad id '{name}': an id names files, so")


def test_an_id_that_is_too_long_is_shown_in_part() -> None:
    problem = id_problem("u" * 201)
    assert problem is not None
    assert problem.startswith(f"id of 201 characters, '{'u' * 40}...'")
    assert problem.endswith("shorten it to 200 at most in every file of the folder")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("/a b/c|d.wav", None),
        ("/привет.wav", None),
        ("sox a.wav -t wav - |", "'sox a.wav -t wav - |' is a pipe, and commands are not run"),
        ("/a\nb", r"'/a\nb': a line end in the name of a file"),
        ("/a\rb", r"'/a\rb': a line end"),
        ("/a\0b", r"'/a\x00b': a line end"),
        ("/caf\udce9", r"'/caf\udce9': the name is not UTF-8"),
    ],
)
def test_paths_that_a_table_cannot_hold(value: str, problem: str | None) -> None:
    found = path_problem(value)
    assert found is None if problem is None else (found or "").startswith(problem)


@pytest.mark.parametrize(
    ("value", "is_pointer"),
    [("a.ark:0", True), ("/x:y/a.ark:12", True), ("a.wav", False), ("a:", False), ("a:-1", False),
     ("a:1x", False), ("12", False)],
)  # fmt: skip
def test_pointers_into_an_archive(value: str, is_pointer: bool) -> None:
    assert is_ark_pointer(value) is is_pointer


def test_names_sort_by_their_bytes() -> None:
    names = ["a-b", "aB", "ab", "a", "a1", "a.b", "a_b", "é", "z"]
    assert sorted(names, key=sort_key) == ["a", "a-b", "a.b", "a1", "aB", "a_b", "ab", "z", "é"]


def test_rows_are_read_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(
        b"b  two  words \n"  # 1
        b"a one\n"  # 2: after b
        b"b again\n"  # 3: a second time
        b"c\t\xd0\xbf\n"  # 4
        b"d\n"  # 5: empty
        b"\n"  # 6: blank
        b"e \xff\n"  # 7: not UTF-8
        b"f x\r\n"  # 8: of Windows
        b"g/h x\n"  # 9: no id
        b"i cafe\xcc\x81"  # 10: decomposed, and no line end
    )
    rows, problems = parse_table(path)
    kept = {key: rows[key] for key in ("a", "b", "c", "i")}
    assert kept == {"a": "one", "b": "two  words", "c": "п", "i": "café"}
    expected = [
        "2: 'a' after 'b': unsorted (LC_ALL=C sort); utils/fix_data_dir.sh",
        "3: b: duplicate id",
        "5: d: empty transcript",
        "6: blank line; delete it",
        "7: e: byte 0xff is not UTF-8",
        "8: Windows line end",
        "9: bad id 'g/h'",
    ]
    assert len(problems) == len(expected)
    for problem, start in zip(problems, expected, strict=True):
        assert problem.startswith(f"{path}:{start}")


def test_every_row_is_compared_with_the_last_of_all_before(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("b 1\na 1\nab 1\nc 1\n")
    _, problems = parse_table(path)
    problems = [problem[len(f"{path}:") :].partition(": unsorted")[0] for problem in problems]
    assert problems == ["2: 'a' after 'b'", "3: 'ab' after 'b'"]


def test_only_transcripts_are_called_so_and_paths_stay_as_they_are(tmp_path: Path) -> None:
    content = "a cafe\u0301\nb\n"
    for name, noun, value in (
        ("text.de", "transcript", "café"),
        ("utt2x", "value", "café"),
        ("wav.scp", "value", "cafe\u0301"),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        rows, (problem,) = parse_table(tmp_path / name)
        assert rows["a"] == value
        assert f":2: b: empty {noun}; give one" in problem


def test_reading_strictly(tmp_path: Path) -> None:
    path = tmp_path / "utt2spk"
    path.write_text("a s\nb s\n")
    assert read_table(path) == {"a": "s", "b": "s"}
    path.write_text("a s\na s\n")
    with pytest.raises(DataDirError, match=r"utt2spk:2: a: duplicate id"):
        read_table(path)
    with pytest.raises(DataDirError, match=r"none: no such file; run the data stage first"):
        read_table(tmp_path / "none")


@pytest.mark.parametrize(("content", "lines"), [(b"", []), (b"a 1", ["a 1"]), (b"a 1\n", ["a 1"])])
def test_the_last_line_end_may_be_missing(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    (tmp_path / "t").write_bytes(content)
    problems: list[str] = []
    found = list(decoded_lines(tmp_path / "t", problems))
    # An empty file is one line without an end.
    assert problems == ([] if content else [f"{tmp_path}/t:1: blank line; delete it"])
    assert found == [(f"{tmp_path}/t:{n}", line) for n, line in enumerate(lines, 1)]


def test_ctm_and_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "ctm"
    path.write_text(
        "b 1 0 0.5 x\n"
        "b 1 0 0 e\u0301\n"  # an equal start is none that goes back
        "b 1 -1 2 y\n"
        "b 1 3 -1 y\n"
        "a 1 0 1 z\n"
        "c 1 nan 1 z\n"
        "c 1 0 z\n",
        encoding="utf-8",
    )
    ctm, problems = parse_ctm(path)
    assert ctm["b"][:2] == [Segment(0.0, 0.5, "x"), Segment(0.0, 0.0, "é")]
    assert ctm["a"] == [Segment(0.0, 1.0, "z")] and "c" not in ctm
    assert [problem[len(f"{path}:") :] for problem in problems] == [
        "3: b: start times must not go back and none is negative",
        "4: b: start times must not go back and none is negative",
        "5: 'a' after 'b': unsorted; utils/fix_data_dir.sh sorts and drops what does not fit",
        "6: expected '<utt> 1 <start> <duration> <label>', got 'c 1 nan 1 z'",
        "7: expected '<utt> 1 <start> <duration> <label>', got 'c 1 0 z'",
    ]


def test_what_is_written_is_sorted_and_read_back(tmp_path: Path) -> None:
    write_table(tmp_path / "t", {"b": "2", "B": "3", "a": "x y"})
    assert (tmp_path / "t").read_text() == "B 3\na x y\nb 2\n"
    assert read_table(tmp_path / "t") == {"B": "3", "a": "x y", "b": "2"}
    segments = {"b": [Segment(1.0, 0.25, "y"), Segment(0.1234567, 2.0, "x")], "a": []}
    write_ctm(tmp_path / "ctm", segments)
    assert (tmp_path / "ctm").read_text() == "b 1 0.123457 2 x\nb 1 1 0.25 y\n"
    assert parse_ctm(tmp_path / "ctm") == (
        {"b": [Segment(0.123457, 2.0, "x"), Segment(1.0, 0.25, "y")]},
        [],
    )


def test_seconds_are_finite() -> None:
    assert (seconds("1e-1"), seconds("-1")) == (0.1, -1.0)
    for text in ("nan", "inf", "-inf", "x", ""):
        with pytest.raises(ValueError):
            seconds(text)


@pytest.mark.parametrize(("count", "more"), [(10, ""), (11, "\n... and 1 more")])
def test_ten_problems_are_shown(count: int, more: str) -> None:
    raise_problems([])
    with pytest.raises(DataDirError) as raised:
        raise_problems([f"p{n}" for n in range(count)])
    assert str(raised.value) == "\n".join(f"p{n}" for n in range(10)) + more
