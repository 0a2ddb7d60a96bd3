"""What images and vectors have in common: an array behind a pointer of a table."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

import numpy as np

from espnet_av.data.ark import read_array
from espnet_av.data.dropped import Drop
from espnet_av.data.fields import find_table
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.errors import DataDirError


class ArrayReader(AbsReader):
    """(...) float32, under the id of an utterance or of what several utterances share."""

    table: ClassVar[str]
    num_axes: ClassVar[int]
    _first: tuple[str | None, int] | None = None
    """The first that was read, and the numbers of a row of it."""

    def check(self) -> None:
        """See `AbsReader`."""
        if self.table not in self.data.tables:
            msg = (
                f"{self.data.path}/{self.table}: no such file, but the model reads {self.field}; "
                "add the table to the data dir and run the dump stage (3) again"
            )
            raise DataDirError(msg)

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        rows, drops = self.data.tables[self.table], list[Drop]()
        table = find_table(self.table)
        naming = table.keyed_by if table else None
        for utt_id in self.data.utt_ids:
            name = self.data.key(self.table, utt_id)
            if utt_id in left_out or name in rows:
                continue
            if name is None:
                drops.append(Drop(utt_id, f"not in {naming}", ""))
            else:
                drops.append(Drop(utt_id, f"not in {self.table}", "" if name == utt_id else name))
        return drops

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        name = self.data.key(self.table, utt_id)
        pointer = None if name is None else self.data.locate(self.table, name)
        if pointer is None:
            return None
        array = read_array(pointer, name, num_axes=self.num_axes)
        self._check_width(name, array.shape[-1])
        return array

    def _check_width(self, name: str | None, width: int) -> None:
        """Sets that were joined may have features of two kinds, which no dump has seen together."""
        first, expected = self._first = self._first or (name, width)
        if width != expected:
            msg = (
                f"{self.data.path}/{self.table}: {name} has rows of {width} numbers, {first} of "
                f"{expected}: features of two kinds are in one set; make all with the same tool "
                "and options, and dump them again"
            )
            raise DataDirError(msg)
