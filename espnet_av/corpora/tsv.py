"""Tab-separated lists of clips, as corpora ship them."""

from __future__ import annotations

from pathlib import Path

from espnet_av.errors import DataDirError


def read_tsv(path: Path, num_columns: int) -> list[list[str]]:
    """Rows of a list; quotes are ordinary characters, as transcripts have single ones.

    Args:
        path: UTF-8 text.
        num_columns: every row has at least this many.

    Raises:
        DataDirError: missing file, bytes that are not UTF-8, a short row (named as file:line).
    """
    rows = [line.split("\t") for line in read_lines(path)]
    for number, row in enumerate(rows, start=1):
        if len(row) < num_columns:
            msg = f"{path}:{number}: {len(row)} columns, expected {num_columns} parted by tabs"
            raise DataDirError(msg)
    return rows


def read_lines(path: Path) -> list[str]:
    """Lines of a UTF-8 text without their ends.

    Raises:
        DataDirError: missing file, or bytes that are not UTF-8.
    """
    if not path.is_file():
        msg = f"{path}: no such file; fetch it again or check the path of the corpus in db.sh"
        raise DataDirError(msg)
    try:
        # Not splitlines(): transcripts hold its rarer line ends, such as U+2028.
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        msg = f"{path}: byte {error.object[error.start]:#04x} at {error.start} is not UTF-8; "
        msg += "fetch the file again"
        raise DataDirError(msg) from error
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
