"""One Kaldi text file: lines of `<id> <value>`, sorted by id in the C locale."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from espnet_av.atomic import atomic_write
from espnet_av.errors import DataDirError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MAX_ID = 200
_FIX = "utils/fix_data_dir.sh sorts and drops what does not fit"


class Segment(NamedTuple):
    """One labelled stretch of an utterance, in seconds from its start (a line of `ctm`)."""

    start: float
    duration: float
    label: str


def id_problem(name: str) -> str | None:
    """Why `name` cannot be an utterance, recording or speaker id; None when it can."""
    if len(name) > MAX_ID:
        return (
            f"id of {len(name)} characters, '{name[:40]}...': an id names files; shorten it to "
            f"{MAX_ID} at most in every file of the folder"
        )
    if _ID.fullmatch(name) and ".." not in name:
        return None
    return (
        f"bad id '{name}': an id names files, so it starts with a letter or digit, holds only "
        "A-Z a-z 0-9 . _ - and no '..'; rename it in every file of the folder"
    )


def path_problem(value: str) -> str | None:
    """Why a table cannot hold such a path; None when it can."""
    if value.endswith("|"):
        return f"'{value}' is a pipe, and commands are not run; name a file instead"
    if any(mark in value for mark in "\n\r\0"):
        return f"{value!a}: a line end in the name of a file; rename it"
    try:
        value.encode()
    except UnicodeEncodeError:
        return (
            f"{value!a}: the name is not UTF-8; rename the file, as with convmv -f latin1 -t utf8"
        )
    return None


def is_ark_pointer(value: str) -> bool:
    """True for `file:offset`; false for the path of a media file."""
    _, separator, offset = value.rpartition(":")
    return bool(separator) and offset.isdecimal()


def sort_key(name: str) -> bytes:
    """Key that sorts names as `LC_ALL=C sort` does."""
    return name.encode()


def parse_table(path: Path) -> tuple[dict[str, str], list[str]]:
    """Read one file: its rows (in NFC, but for paths) and problems that name file and line."""
    rows: dict[str, str] = {}
    problems: list[str] = []
    previous = ""
    for place, line in decoded_lines(path, problems):
        name, _, value = line.replace("\t", " ").partition(" ")
        problem = _row_problem(name, value.strip(), rows, previous, path.name)
        if problem:
            problems.append(f"{place}: {problem}")
        # The name of a file is what the disk calls it: a Mac writes accents in two characters.
        is_file = path.suffix == ".scp"
        value = value.strip() if is_file else unicodedata.normalize("NFC", value.strip())
        rows.setdefault(name, value)
        previous = max(previous, name, key=sort_key)
    return rows, problems


def parse_ctm(path: Path) -> tuple[dict[str, list[Segment]], list[str]]:
    """Read `<utt> 1 <start> <duration> <label>` lines: segments by utterance, and the problems."""
    ctm: dict[str, list[Segment]] = {}
    problems: list[str] = []
    previous = ""
    for place, line in decoded_lines(path, problems):
        fields = line.split()
        try:
            name, _, start, duration, label = fields
            segment = Segment(
                seconds(start), seconds(duration), unicodedata.normalize("NFC", label)
            )
        except ValueError:
            problems.append(f"{place}: expected '<utt> 1 <start> <duration> <label>', got '{line}'")
            continue
        if sort_key(name) < sort_key(previous):
            problems.append(f"{place}: '{name}' after '{previous}': unsorted; {_FIX}")
        before = ctm.setdefault(name, [])
        if segment.start < 0 or segment.duration < 0 or (before and segment.start < before[-1][0]):
            problems.append(f"{place}: {name}: start times must not go back and none is negative")
        before.append(segment)
        previous = max(previous, name, key=sort_key)
    return ctm, problems


def seconds(text: str) -> float:
    """A time; ValueError for nan and inf too, which Python takes for numbers."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def write_table(path: Path, rows: Mapping[str, str]) -> None:
    """Write rows sorted by id, atomically."""
    with atomic_write(path) as stream:
        for name in sorted(rows, key=sort_key):
            stream.write(f"{name} {rows[name]}\n")


def write_ctm(path: Path, ctm: Mapping[str, Iterable[Segment]]) -> None:
    """Write segments sorted by utterance and start, atomically."""
    with atomic_write(path) as stream:
        for name in sorted(ctm, key=sort_key):
            for segment in sorted(ctm[name]):
                times = f"{segment.start:.6g} {segment.duration:.6g}"
                stream.write(f"{name} 1 {times} {segment.label}\n")


def read_table(path: str | Path) -> dict[str, str]:
    """Read one file strictly.

    Raises:
        DataDirError: it is missing, or a line is malformed; the message names file and line.
    """
    rows, problems = parse_table(Path(path))
    raise_problems(problems)
    return rows


def raise_problems(problems: list[str]) -> None:
    """Raise a `DataDirError` that shows the first problems, if there are any."""
    if problems:
        more = f"\n... and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise DataDirError("\n".join(problems[:10]) + more)


def decoded_lines(path: Path, problems: list[str]) -> Iterator[tuple[str, str]]:
    """`file:line` and text of every line that is valid UTF-8; the others go to `problems`."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        msg = f"{path}: no such file; run the data stage first or check the path"
        raise DataDirError(msg) from error
    for number, raw in enumerate(
        content.split(b"\n")[: -1 if content.endswith(b"\n") else None], 1
    ):
        place = f"{path}:{number}"
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            name = raw.split(b" ")[0].decode("ascii", "replace")
            problems.append(
                f"{place}: {name}: byte {raw[error.start]:#04x} is not UTF-8; "
                "convert the file, e.g. iconv -f latin1 -t utf8"
            )
            continue
        if line.endswith("\r"):
            problems.append(
                f"{place}: Windows line end; convert with: perl -pi -e 's/\\r$//' {path}"
            )
        elif not line.strip():
            problems.append(f"{place}: blank line; delete it")
        else:
            yield place, line


def _row_problem(
    name: str, value: str, rows: Mapping[str, str], previous: str, table: str
) -> str | None:
    if problem := id_problem(name):
        return problem
    if not value:
        kind = "transcript" if table.split(".")[0] == "text" else "value"
        return f"{name}: empty {kind}; give one, or drop the utterance from every file"
    if name in rows:
        return f"{name}: duplicate id; keep one line (ids are unique in a data dir)"
    if sort_key(name) < sort_key(previous):
        return f"'{name}' after '{previous}': unsorted (LC_ALL=C sort); {_FIX}"
    return None
