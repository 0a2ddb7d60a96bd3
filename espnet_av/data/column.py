"""One table of a data dir in little memory: its ids in one buffer, its values in another.

A dictionary of a million rows takes a few hundred bytes a row. Here the ids are held once for all
tables that have the same, and a value takes its bytes and an offset. Rows are found by bisection,
or at once when they are asked for in order, as almost all code does.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from operator import eq, lt
from pathlib import Path
from typing import overload

from espnet_av.data.table import MAX_ID

_NAMES = re.compile(r"^[^ \n]+", re.MULTILINE)
_VALUES = re.compile(r"^[^ \n]+ (.+)$", re.MULTILINE)
_IDS = re.compile(rf"(?:[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_ID - 1}}}\n)*")
_LARGEST = 2**32
_RUN = 4096
"""Texts that are decoded together when all are gone through."""
_MAX_STEP = 4
"""Rows after the last one that are looked at before the whole table is."""


class TextBuffer(Sequence[str]):
    """Texts, one behind the other as UTF-8."""

    def __init__(self, texts: Sequence[str]) -> None:
        joined = "".join(texts)
        self._bytes = joined.encode()
        lengths: Iterable[int] = map(len, texts)
        if not joined.isascii():
            lengths = (len(text.encode()) for text in texts)
        kind = "I" if len(self._bytes) < _LARGEST else "Q"
        self._ends = array(kind, accumulate(lengths, initial=0))

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(index)
        return self._bytes[self._ends[row] : self._ends[row + 1]].decode()

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), _RUN):
            ends = self._ends[first : first + _RUN + 1]
            part = self._bytes[ends[0] : ends[-1]]
            if part.isascii():
                text, start = part.decode(), ends[0]
                yield from (text[a - start : b - start] for a, b in pairwise(ends))
            else:
                yield from map(self.__getitem__, range(first, first + len(ends) - 1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def is_same(self, texts: Sequence[str]) -> bool:
        """Whether these are the texts."""
        return "".join(texts).encode() == self._bytes and self._ends == TextBuffer(texts)._ends


class Ids(TextBuffer):
    """Ids in the order of the C locale, each once."""

    _last = 0

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def find(self, name: str) -> int | None:
        """Row of an id; None if it has none."""
        for row in range(self._last, min(self._last + _MAX_STEP, len(self))):
            if self[row] == name:
                self._last = row
                return row
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self[middle] < name:
                low = middle + 1
            else:
                high = middle
        if low == len(self) or self[low] != name:
            return None
        self._last = low
        return low


class Column(Mapping[str, str]):
    """The rows of one table."""

    def __init__(self, ids: Ids, values: TextBuffer) -> None:
        self.ids, self._values = ids, values

    def __getitem__(self, name: str) -> str:
        row = self.ids.find(name)
        if row is None:
            raise KeyError(name)
        return self._values[row]

    def __contains__(self, name: object) -> bool:
        return name in self.ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def items(self) -> ItemsView[str, str]:
        """Ids and values, in order."""
        return _Items(self)

    def values(self) -> TextBuffer:  # type: ignore[override]
        """Values in the order of their ids."""
        return self._values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]


def have_same_ids(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two tables hold their ids together."""
    return isinstance(one, Column) and isinstance(other, Column) and one.ids is other.ids


class _Items(ItemsView[str, str]):
    def __init__(self, column: Column) -> None:
        super().__init__(column)
        self._column = column

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return zip(self._column.ids, self._column.values(), strict=True)


def read_column(path: Path, known: Ids | None) -> Column | None:
    """Read a table that is as it should be; None if a line of it has to be looked at closely.

    Args:
        path: the table.
        known: ids of another table, which are taken if this one has the same.
    """
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
    if any(mark in text for mark in ("\t", "\r", "  ")):
        return None
    is_file = path.suffix == ".scp"
    if not (is_file or text.isascii() or unicodedata.is_normalized("NFC", text)):
        return None
    names, values = _NAMES.findall(text), _VALUES.findall(text)
    num_lines = text.count("\n") + (not text.endswith("\n"))
    if not len(names) == len(values) == num_lines:
        return None
    if not all(map(eq, values, map(str.strip, values))):
        return None
    if known is not None and known.is_same(names):
        return Column(known, TextBuffer(values))
    joined = "\n".join(names) + "\n"
    in_order = all(map(lt, names, names[1:]))
    if not in_order or ".." in joined or _IDS.fullmatch(joined) is None:
        return None
    return Column(Ids(names), TextBuffer(values))
