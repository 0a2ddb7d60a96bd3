"""Comma-separated lists with a header, as corpora ship them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text

_CURE = "fetch it again, or check the path of the corpus in db.sh"


def read_csv(path: Path, columns: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """Rows of a list: `file:line`, and the values by column.

    Args:
        path: UTF-8 text; fields may be quoted, and hold commas then.
        columns: those that it has, in any order; further ones are returned too.

    Raises:
        DataDirError: missing file, bytes that are not UTF-8, no such column, a short row.
    """
    reader = csv.DictReader(io.StringIO(read_text(path, DataDirError, _CURE), newline=""))
    rows: list[tuple[str, dict[str, str]]] = []
    try:
        lacking = [name for name in columns if name not in (reader.fieldnames or ())]
        if lacking:
            msg = f"{path}:1: no column {', '.join(lacking)}; {_CURE}"
            raise DataDirError(msg)
        for row in reader:
            where = f"{path}:{reader.line_num}"
            short = [name for name in columns if row[name] is None]
            if short:
                msg = f"{where}: ends before its column {short[0]}; {_CURE}"
                raise DataDirError(msg)
            rows.append((where, {name: row[name] or "" for name in reader.fieldnames or ()}))
    except csv.Error as error:
        msg = f"{path}:{reader.line_num}: {error}; {_CURE}"
        raise DataDirError(msg) from error
    return rows
