"""What images and vectors have in common: an array behind a pointer of a table."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

import numpy as np

from espnet_av.data.ark import read_array
from espnet_av.data.dropped import Drop
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.errors import DataDirError


class ArrayReader(AbsReader):
    """(...) float32, under the id of an utterance or of what several utterances share."""

    table: ClassVar[str]
    num_axes: ClassVar[int]

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
        rows = self.data.tables[self.table]
        left = [utt_id for utt_id in self.data.utt_ids if utt_id not in left_out]
        absent = [u for u in left if self.data.key(self.table, u) not in rows]
        return [Drop(utt_id, f"not in {self.table}", "") for utt_id in absent]

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        name = self.data.key(self.table, utt_id)
        pointer = None if name is None else self.data.locate(self.table, name)
        if pointer is None:
            return None
        return read_array(pointer, name, num_axes=self.num_axes)
