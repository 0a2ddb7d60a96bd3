"""What is known of every utterance of an index: a table of which single lines are read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from espnet_av.atomic import atomic_write
from espnet_av.data.data_dir import rebase
from espnet_av.errors import DataDirError

ROWS, STARTS = "rows.tsv", "rows.npy"
_NUM_COLUMNS = 6


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """An utterance of an index."""

    utt_id: str
    set_name: str
    """Name of its dump."""
    lang: str
    """Spoken in it; "" if nobody says."""
    seconds: float
    """How long it is."""
    where: str
    """Archive pointer of its sound, or else of its mouth clip, ready to open."""
    text: str
    """What is said, or ""."""


def write_rows(folder: Path, rows: Iterable[IndexRow]) -> int:
    """Write the table, and where each of its lines begins; returns how many there are.

    Pointers are written relative to the folder: an index and its dump may be moved together.
    """
    starts = [0]
    with atomic_write(folder / ROWS, "wb") as stream:
        for row in rows:
            where = os.path.relpath(row.where, folder)
            line = (row.utt_id, row.set_name, row.lang, f"{row.seconds:g}", where, row.text)
            starts.append(starts[-1] + stream.write(("\t".join(line) + "\n").encode()))
    with atomic_write(folder / STARTS, "wb") as stream:
        np.save(stream, np.asarray(starts, np.int64))
    return len(starts) - 1


class RowFile:
    """Reads single lines of the table.

    Raises:
        DataDirError: the table is missing, or is not the one whose lines are noted.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ROWS
        try:
            self._starts = np.load(folder / STARTS, mmap_mode="r")
            whole = self._starts.ndim == 1 and self._starts.dtype == np.int64
            whole = whole and self._path.stat().st_size == int(self._starts[-1])
        except (OSError, ValueError, EOFError, IndexError):
            whole = False
        if not whole:
            msg = (
                f"{folder}: {ROWS} and {STARTS} are missing, damaged or of two indexes; "
                "make the index again ('espnet-av index')"
            )
            raise DataDirError(msg)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> IndexRow:
        start, end = self._starts[number : number + 2].tolist()
        with self._path.open("rb") as stream:
            stream.seek(start)
            columns = stream.read(end - start).decode(errors="replace").rstrip("\n").split("\t")
        if len(columns) != _NUM_COLUMNS:
            msg = f"{self._path}:{number + 1}: {len(columns)} columns, not {_NUM_COLUMNS}; make "
            raise DataDirError(msg + "the index again ('espnet-av index')")
        utt_id, set_name, lang, seconds, where, text = columns
        return IndexRow(
            utt_id=utt_id,
            set_name=set_name,
            lang=lang,
            seconds=float(seconds),
            where=os.path.normpath(rebase(where, self._path.parent)),
            text=text,
        )
