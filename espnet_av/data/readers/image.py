"""Reads images: features of their regions, where those are, and which image it is."""

from __future__ import annotations

import numpy as np

from espnet_av.data.readers.abs_reader import Draw, ReadRequest
from espnet_av.data.readers.array import ArrayReader


class ImageReader(ArrayReader):
    """(R, D) float32 features of regions; utterances that describe one image share it."""

    field = "image"
    table = "image.scp"
    num_axes = 2


class BoxesReader(ArrayReader):
    """(R, 4) float32, x1 y1 x2 y2 of each region in shares of the image's width and height."""

    field = "boxes"
    table = "boxes.scp"
    num_axes = 2


class ImageIdReader(ArrayReader):
    """() int64, the number of the image among those of the set, the same in every process.

    Images are told apart by where their features are: an image that is listed twice is one.
    """

    field = "image_id"
    table = "image.scp"

    def __init__(self, request: ReadRequest) -> None:
        super().__init__(request)
        pointers = sorted(set(self.data.tables.get(self.table, {}).values()))
        self._ids = {pointer: number for number, pointer in enumerate(pointers)}

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        name = self.data.key(self.table, utt_id)
        pointer = None if name is None else self.data.get(self.table, name)
        return None if pointer is None else np.asarray(self._ids[pointer], dtype=np.int64)
