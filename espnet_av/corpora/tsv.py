"""Tab-separated lists of clips, as corpora ship them."""

from __future__ import annotations

import re
from pathlib import Path

from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text

_FIELD = re.compile(r'"((?:[^"]|"")*)"(?=\t|$)|([^\t]*)')
"""A field that is quoted as a whole, as CSV does, or as it stands. It may follow a tab."""
_OPEN = re.compile(r'(?:^|\t)"(?:[^"]|"")*$')
_ESCAPED = re.compile(r"(?:\\.|[^\t])*")
_MAX_JOINED = 20
"""Lines that a quoted field may run over."""


def read_tsv(path: Path, num_columns: int) -> list[list[str]]:
    """Rows of a list, one for each line; see `split_row` for what quotes mean.

    Args:
        path: UTF-8 text.
        num_columns: every row has at least this many.

    Raises:
        DataDirError: missing file, bytes that are not UTF-8, a short row (named as file:line).
    """
    rows = [split_row(line, num_columns) for line in read_lines(path)]
    for number, row in enumerate(rows, start=1):
        if len(row) < num_columns:
            msg = f"{path}:{number}: {len(row)} columns, expected {num_columns} parted by tabs"
            raise DataDirError(msg)
    return rows


def read_headed_tsv(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of a list, and its rows with the line each begins at.

    A row that lacks columns and ends within a quoted field goes on in the next line. Empty lines at
    the end, which editors leave, are no rows.

    Raises:
        DataDirError: missing file, or bytes that are not UTF-8.
    """
    lines = read_lines(path) or [""]
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    header = split_row(lines[0])
    rows: list[tuple[int, list[str]]] = []
    at = 1
    while at < len(lines):
        count = _num_lines(lines, at, len(header))
        rows.append((at + 1, split_row("\n".join(lines[at : at + count]), len(header))))
        at += count
    return header, rows


def split_row(line: str, num_columns: int = 0) -> list[str]:
    """Fields of one row.

    A field that is quoted as a whole is read as CSV does: its quotes go and doubled ones within
    become single ones. Any other quote is an ordinary character: many lists are written without
    a thought of CSV, and their sentences hold single ones, also at the beginning.

    Args:
        line: the row.
        num_columns: as many fields are expected; where quotes round a tab make them fewer, and the
            row has them without, quotes are ordinary.
    """
    fields: list[str] = []
    at = 0
    while at <= len(line):
        found = _FIELD.match(line, at)
        assert found is not None
        quoted, plain = found.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        at = found.end() + 1
    plain_fields = line.split("\t")
    return plain_fields if len(fields) < num_columns <= len(plain_fields) else fields


def read_escaped_tsv(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The same of a list that quotes nothing: a backslash takes a tab or quote as it stands.

    Raises:
        DataDirError: missing file, or bytes that are not UTF-8.
    """
    header, *lines = [split_escaped(line) for line in read_lines(path) or [""]]
    return header, [(number, row) for number, row in enumerate(lines, 2) if any(row)]


def split_escaped(line: str) -> list[str]:
    """Fields of one row in which a backslash stands before what is meant as it is."""
    fields: list[str] = []
    at = 0
    while at <= len(line):
        found = _ESCAPED.match(line, at)
        assert found is not None
        fields.append(re.sub(r"\\(.)", r"\1", found.group()))
        at = found.end() + 1
    return fields


def join_surplus(row: list[str], num_columns: int, column: int) -> list[str]:
    """A row without the surplus that stray tabs make: they are spaces of the one free text in it.

    Args:
        row: fields of a row.
        num_columns: as many as the header has.
        column: place of the free text. Empty fields after the last column are no text.
    """
    surplus = len(row) - num_columns
    if surplus <= 0 or not any(field.strip() for field in row[num_columns:]):
        return row[:num_columns]
    end = column + surplus + 1
    return [*row[:column], " ".join(row[column:end]), *row[end:]]


def read_lines(path: Path) -> list[str]:
    """Lines of a UTF-8 text without their ends.

    Raises:
        DataDirError: missing file, or bytes that are not UTF-8.
    """
    cure = "fetch it again, or check the path of the corpus in db.sh"
    text = read_text(path, DataDirError, cure)
    if "\n" not in text:
        # What Excel saves on a Mac as text.
        text = text.replace("\r", "\n")
    # Not splitlines(): transcripts hold its rarer line ends, such as U+2028.
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def _num_lines(lines: list[str], at: int, num_columns: int) -> int:
    """How many lines the row at `at` takes: more than one only if they make exactly one row."""
    if len(split_row(lines[at], num_columns)) >= num_columns or not _OPEN.search(lines[at]):
        return 1
    for count in range(2, _MAX_JOINED + 1):
        joined = split_row("\n".join(lines[at : at + count]))
        if at + count > len(lines) or len(joined) > num_columns:
            break
        if len(joined) == num_columns:
            return count
    return 1
