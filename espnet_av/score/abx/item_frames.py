"""The frames of items, read when they are compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from espnet_av.errors import DataDirError
from espnet_av.features.stored_array import StoredArray
from espnet_av.score.abx.spans import ItemSpans


class Room:
    """Memory that frames are read into, again and again: new memory costs more than the copy."""

    def __init__(self) -> None:
        self._numbers = np.empty(0, dtype=np.float32)

    def take(self, num_frames: int, dim: int) -> np.ndarray:
        """(num_frames, dim) float32, what was taken before."""
        if num_frames * dim > self._numbers.size:
            self._numbers = np.empty(num_frames * dim, dtype=np.float32)
        return self._numbers[: num_frames * dim].reshape(num_frames, dim)


class StoredItems:
    """Items of files on disk; they are kept until others are read.

    Args:
        spans: items with their frames.
        arrays: file -> its features.
        room: the same for all layers.
    """

    def __init__(self, spans: ItemSpans, arrays: Mapping[str, StoredArray], room: Room) -> None:
        self._spans, self._arrays, self._room = spans, arrays, room
        self._dim = next(iter(arrays.values())).dim

    def read(self, items: np.ndarray, length: np.ndarray) -> np.ndarray:
        """See `ItemFrames`.

        Raises:
            DataDirError: a number is not finite; file and frame are named.
        """
        values = self._room.take(int(length.sum()), self._dim)
        ends = np.cumsum(length)
        spans = self._spans
        with np.errstate(over="ignore"):  # of float64 that float32 does not hold: found below
            # Items are numbered file by file: so each file is opened once.
            order = np.argsort(items)
            ordered = (items, spans.start[items], length, ends)
            for number, start, size, end in zip(
                *(numbers[order].tolist() for numbers in ordered), strict=True
            ):
                array = self._arrays[spans.items[number].file]
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
