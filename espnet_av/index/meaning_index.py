"""An index on disk: its vectors, mapped into memory, and what is nearest to others."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from espnet_av.data.ark_entry import find_entry
from espnet_av.errors import ArkError, DataDirError
from espnet_av.index.report import read_report
from espnet_av.index.rows import IndexRow, RowFile
from espnet_av.index.shard import MATRIX
from espnet_av.ops.nearest import nearest

_BLOCK_ROWS = 1024
"""Vectors that are looked at at once: in float32 they stay in the processor's caches."""
_AGAIN = "make the index again ('espnet-av index')"


@dataclass(frozen=True)
class Hit:
    """An utterance that was found."""

    score: float
    """Cosine with the question (inner product, if the model compares so)."""
    row: IndexRow


class MeaningIndex:
    """Reads an index.

    Args:
        folder: output of `espnet-av index`.

    Raises:
        DataDirError: there is none, it is empty, or its parts do not belong together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.report = folder, read_report(folder)
        self._rows = RowFile(folder)
        num_vectors = sum(self.report.archives.values())
        if not num_vectors:
            msg = f"{folder}: an empty index; see its dropped.tsv, and {_AGAIN}"
            raise DataDirError(msg)
        if len(self._rows) != num_vectors:
            msg = f"{folder}: {num_vectors} vectors of {len(self._rows)} utterances; {_AGAIN}"
            raise DataDirError(msg)
        # All of them now: one that is missing is told before the work.
        self._matrices = [self._map(*item) for item in self.report.archives.items()]

    def __len__(self) -> int:
        return len(self._rows)

    def blocks(self) -> Iterator[Tensor]:
        """(N, D) float16 each, in the order of the utterances."""
        for matrix in self._matrices:
            for start in range(0, len(matrix), _BLOCK_ROWS):
                with warnings.catch_warnings():
                    # torch knows no tensors that nobody may write to.
                    warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
                    yield torch.from_numpy(matrix[start : start + _BLOCK_ROWS])

    def nearest(self, vectors: np.ndarray, num: int) -> list[list[Hit]]:
        """The `num` utterances that are nearest to each of (Q, D) vectors, nearest first."""
        scores, places = nearest(torch.from_numpy(vectors), self.blocks(), num)
        return [
            [Hit(score, self._rows[place]) for score, place in zip(*pair, strict=True)]
            for pair in zip(scores.tolist(), places.tolist(), strict=True)
        ]

    def _map(self, pointer: str, num_rows: int) -> np.ndarray:
        where = str(self.folder / pointer)
        try:
            with find_entry(where, MATRIX) as (stream, _, size):
                begin = stream.tell()
                version = np.lib.format.read_magic(stream)
                read_head = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
                shape, _, dtype = read_head(stream)
                offset = stream.tell()
        except (ArkError, ValueError, AttributeError, EOFError) as error:
            msg = f"{where}: the vectors cannot be read ({error}); {_AGAIN}"
            raise DataDirError(msg) from error
        expected = (num_rows, self.report.width)
        if shape != expected or dtype != np.float16 or begin + size - offset != 2 * np.prod(shape):
            msg = f"{where}: vectors of shape {shape} of {dtype}, not {expected}; {_AGAIN}"
            raise DataDirError(msg)
        path = where.rpartition(":")[0]
        return np.memmap(path, np.float16, mode="r", offset=offset, shape=expected)
