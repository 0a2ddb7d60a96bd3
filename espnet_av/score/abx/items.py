"""Items: stretches of files with a phone, its neighbours and a talker; one line each in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from espnet_av.atomic import atomic_write
from espnet_av.errors import DataDirError
from espnet_av.text_file import quoted, read_text

HEADER = ("#file", "onset", "offset", "#phone", "prev-phone", "next-phone", "speaker")
_CURE = "check the path; its columns are " + " ".join(HEADER)
_MAX_DIGITS = 40
_MAX_SEC = 1e7


class Time(NamedTuple):
    """Seconds as they are written, exactly: a whole number of ticks, and ticks a second."""

    ticks: int
    rate: int

    def __str__(self) -> str:
        return f"{self.ticks / self.rate:.10g}"


@dataclass(frozen=True)
class AbxItem:
    """One line of an item file; every label is text, as it stands there."""

    file: str
    onset: Time
    offset: Time
    phone: str
    previous: str
    following: str
    speaker: str
    where: str = ""
    """File and line, for messages."""

    @property
    def words(self) -> str:
        """Which item it is."""
        return f"{self.where}: {self.phone} of {self.file}, {self.onset} to {self.offset} s"


def parse_time(text: str) -> Time:
    """Read seconds, as `0.2925`, exactly.

    Raises:
        ValueError: it is no finite number, or below 0.
    """
    whole, _, part = text.partition(".")
    if len(text) > _MAX_DIGITS:
        raise ValueError(text)
    if (whole + part).isascii() and (whole + part).isdigit():
        return Time(int(whole + part), 10 ** len(part))
    exponent = text.lower().partition("e")[2].lstrip("+-")
    if not text.isascii() or set("/_") & set(text) or len(exponent) > 2:
        raise ValueError(text)
    value = Fraction(text)
    if not 0 <= value <= _MAX_SEC:
        raise ValueError(text)
    return Time(value.numerator, value.denominator)


def read_items(path: str | Path) -> list[AbxItem]:
    """Read an item file: a line of names, then one line for each item, columns in any order.

    Columns besides those of `HEADER` are left alone. Labels are never read as numbers, nor quote
    signs as quotes.

    Raises:
        DataDirError: it is missing, no text, lacks a column, or a line is faulty; it is named.
    """
    lines = read_text(path, DataDirError, _CURE).splitlines()
    names = lines[0].split() if lines else []
    lacking = [name for name in HEADER if name not in names]
    if lacking:
        msg = (
            f"{path}:1: no column {' '.join(lacking)} in '{quoted(lines[0]) if lines else ''}'; an "
            f"item file begins with: {' '.join(HEADER)}"
        )
        raise DataDirError(msg)
    twice = [name for name in HEADER if names.count(name) > 1]
    if twice:
        msg = f"{path}:1: the column {twice[0]} stands there twice; keep one"
        raise DataDirError(msg)
    places = [names.index(name) for name in HEADER]
    items = list(_parse(path, lines[1:], len(names), places))
    if not items:
        msg = f"{path}: no items below the names of the columns; make the file again"
        raise DataDirError(msg)
    return items


def _parse(
    path: str | Path, lines: Sequence[str], width: int, places: Sequence[int]
) -> Iterator[AbxItem]:
    known: dict[str, str] = {}
    for number, line in enumerate(lines, 2):
        fields = line.split()
        where = f"{path}:{number}"
        if len(fields) != width:
            msg = (
                f"{where}: {len(fields)} columns, but {width} names in the first line: "
                f"'{quoted(line)}'; labels hold no spaces, and no column is left out"
            )
            raise DataDirError(msg)
        file, onset, offset, *labels = (fields[place] for place in places)
        try:
            times = parse_time(onset), parse_time(offset)
        except ValueError as error:
            msg = f"{where}: onset '{onset}', offset '{offset}': not seconds as in 0.2925"
            raise DataDirError(msg) from error
        if times[0].ticks * times[1].rate >= times[1].ticks * times[0].rate:
            msg = f"{where}: the onset {onset} is not before the offset {offset}; correct the line"
            raise DataDirError(msg)
        shared = (known.setdefault(label, label) for label in (file, *labels))
        name, phone, previous, following, speaker = shared
        yield AbxItem(name, *times, phone, previous, following, speaker, where)


def write_items(path: Path, items: Iterable[AbxItem]) -> None:
    """Write an item file, with times of four decimals: readers that use floats take no others."""
    with atomic_write(path) as stream:
        stream.write(" ".join(HEADER) + "\n")
        for item in items:
            times = (f"{time.ticks / time.rate:.4f}" for time in (item.onset, item.offset))
            labels = (item.phone, item.previous, item.following, item.speaker)
            stream.write(" ".join((item.file, *times, *labels)) + "\n")
