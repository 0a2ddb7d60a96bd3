"""The frames of items, read when they are compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from espnet_av.errors import DataDirError
from espnet_av.features.stored_array import StoredArray
from espnet_av.score.abx.spans import ItemSpans


class StoredItems:
    """Items of files on disk; nothing of them is kept.

    Args:
        spans: items with their frames.
        arrays: file -> its features.
    """

    def __init__(self, spans: ItemSpans, arrays: Mapping[str, StoredArray]) -> None:
        self._spans, self._arrays = spans, arrays
        self._dim = next(iter(arrays.values())).dim

    def read(self, items: np.ndarray, length: np.ndarray) -> np.ndarray:
        """See `ItemFrames`.

        Raises:
            DataDirError: a number is not finite; file and frame are named.
        """
        values = np.empty((int(length.sum()), self._dim), dtype=np.float32)
        ends = np.cumsum(length)
        spans = self._spans
        with np.errstate(over="ignore"):  # of float64 that float32 does not hold: found below
            for number, end, size in zip(
                items.tolist(), ends.tolist(), length.tolist(), strict=True
            ):
                array = self._arrays[spans.items[number].file]
                start = int(spans.start[number])
                array.read_into(start, start + size, values[end - size : end])
        # A sum is not finite if a number is not: much quicker than looking at each.
        with np.errstate(over="ignore", invalid="ignore"):
            is_sure = bool(np.isfinite(values.sum()))
        if not is_sure:
            self._name_fault(values, items, ends - length)
        return values

    def _name_fault(self, values: np.ndarray, items: np.ndarray, starts: np.ndarray) -> None:
        bad = ~np.isfinite(values)
        if not bad.any():
            return
        row, column = (int(part[0]) for part in bad.nonzero())
        place = int(np.searchsorted(starts, row, side="right")) - 1
        number = int(items[place])
        frame = int(self._spans.start[number]) + row - int(starts[place])
        array = self._arrays[self._spans.items[number].file]
        msg = (
            f"{array.where}: frame {frame}, number {column} is {values[row, column]}; features "
            "that are not finite, or beyond float32, cannot be compared: the model diverged, or "
            "the sound is damaged; make them again"
        )
        raise DataDirError(msg)
