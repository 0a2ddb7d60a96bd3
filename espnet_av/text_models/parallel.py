"""Parallel sentences: a table with a column for each language."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text


@dataclass(frozen=True)
class Parallel:
    """Sentences, each in all languages."""

    texts: dict[str, list[str]]
    """Language -> its sentences; the same place is the same meaning."""

    def __len__(self) -> int:
        """How many sentences."""
        return len(next(iter(self.texts.values())))

    @property
    def langs(self) -> list[str]:
        """All languages."""
        return list(self.texts)

    def part(self, start: int, end: int) -> Parallel:
        """Some of them, by place."""
        return Parallel({lang: texts[start:end] for lang, texts in self.texts.items()})


def read_parallel(path: Path) -> Parallel:
    """Read a tab-separated table: a header of languages, then a line a sentence.

    Raises:
        DataDirError: it is missing, has one language, or a line lacks a text; it is named.
    """
    cure = "give a table with a column for each language, and a text in each"
    with io.StringIO(read_text(path, DataDirError, cure), newline="") as stream:
        rows = list(csv.reader(stream, dialect="excel-tab"))
    header = rows[0] if rows else []
    if len(set(header)) < 2 or len(set(header)) < len(header):
        msg = f"{path}:1: the header has '{' '.join(header)}', not two languages or more; {cure}"
        raise DataDirError(msg)
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header) or not all(text.strip() for text in row):
            msg = (
                f"{path}:{number}: {len(row)} columns for {len(header)} languages, or one without "
                f"text; {cure}"
            )
            raise DataDirError(msg)
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(header)
    return Parallel({lang: list(texts) for lang, texts in zip(header, columns, strict=True)})
