"""Frames on disk by place, so that a few are read without the rest: .npy, .pt and archives."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from espnet_av.data.ark_entry import find_entry
from espnet_av.errors import ArkError, raise_machine_fault

SUFFIXES = (".npy", ".pt")
_KALDI: dict[bytes, np.dtype[Any]] = {b"\0BFM ": np.dtype("<f4"), b"\0BDM ": np.dtype("<f8")}
_BFLOAT16 = "bfloat16"
_SAVE = "torch.save(features, path), a file for each sound and a folder for each layer"
_SHOWN = 5


@dataclass(frozen=True)
class StoredArray:
    """(T, D) numbers in a file, row by row."""

    where: str
    """For messages."""
    file: Path | IO[bytes]
    """A path, or a temporary file that stays open."""
    offset: int
    dtype: np.dtype[Any]
    num_frames: int
    dim: int
    changed: int = 0
    """When the file was changed last."""

    def read(self, start: int, end: int) -> np.ndarray:
        """Frames from `start` to before `end`: (end - start, D), of `dtype`.

        Raises:
            ArkError: the file ended, or changed.
        """
        width = self.dim * self.dtype.itemsize
        wanted = (end - start) * width
        found = os.pread(self._descriptor(), wanted, self.offset + start * width)
        if len(found) != wanted:
            raise ArkError(self._cut_short())
        return np.frombuffer(found, self.dtype).reshape(end - start, self.dim)

    def read_into(self, start: int, end: int, out: np.ndarray) -> None:
        """The same into (end - start, D) float32 `out`, which is contiguous: without a copy."""
        if self.dtype != np.float32 or not self.dtype.isnative:
            out[:] = self.read(start, end)
            return
        place = self.offset + start * self.dim * self.dtype.itemsize
        if os.preadv(self._descriptor(), [out.data.cast("B")], place) != out.nbytes:
            raise ArkError(self._cut_short())

    def _cut_short(self) -> str:
        return f"{self.where}: cut short, or changed while it was read; make it again"

    def _descriptor(self) -> int:
        if isinstance(self.file, Path):
            return _opened(self.file, self.changed).fileno()
        return self.file.fileno()


@lru_cache(maxsize=64)
def _opened(path: Path, changed: int) -> IO[bytes]:
    """A file, open as long as it is among those used last."""
    return path.open("rb", buffering=0)


class ArrayShelf:
    """Finds arrays of any kind; those that cannot be read by place are copied to a hidden file."""

    def __init__(self) -> None:
        self._spare: IO[bytes] | None = None

    def find(self, pointer: str, name: str | None = None) -> StoredArray:
        """The array behind a `.npy` or `.pt` file, or behind `<file.ark>:<offset>`.

        Args:
            pointer: where it is.
            name: whose it must be, in archives that say so; None: anybody's.

        Raises:
            ArkError: it is not there, is damaged, of another kind, or not of two axes.
            CheckpointError: a `.pt` file is damaged, or asks for more than tensors.
        """
        path = Path(pointer)
        try:
            if path.suffix == ".npy":
                with path.open("rb") as stream:
                    return self._of_npy(stream, 0, path.stat().st_size, path, pointer)
            if path.suffix == ".pt":
                return self._of_torch(path)
            return self._of_ark(pointer, name)
        except FileNotFoundError as error:
            msg = f"{pointer}: no such file; check the path"
            raise ArkError(msg) from error
        except OSError as error:
            raise_machine_fault(error, pointer)
            msg = f"{pointer}: cannot be read ({error}); check its owner and mode"
            raise ArkError(msg) from error

    def _of_ark(self, pointer: str, name: str | None) -> StoredArray:
        path, _, digits = pointer.rpartition(":")
        if digits.isdecimal() and path:
            with Path(path).open("rb") as stream:
                stream.seek(int(digits))
                dtype = _KALDI.get(stream.read(5))
                if dtype is not None:
                    return _of_kaldi(stream, dtype, Path(path), pointer)
        with find_entry(pointer, name) as (stream, tag, size):
            if tag != b"NPY":
                msg = f"{pointer}: holds {tag.decode(errors='replace')!r}, not an array of numbers"
                raise ArkError(msg)
            return self._of_npy(stream, stream.tell(), size, Path(path), pointer)

    def _of_npy(
        self, stream: IO[bytes], start: int, size: int, path: Path, where: str
    ) -> StoredArray:
        try:
            version = np.lib.format.read_magic(stream)
            head = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
            shape, is_fortran, dtype = head(stream)
        except (ValueError, AttributeError, EOFError) as error:
            told = " ".join(str(error).split())[:80]
            msg = f"{where}: no array of numpy ({told}); make or fetch it again"
            raise ArkError(msg) from error
        num_frames, dim = _two_axes(shape, dtype.kind in "fiu", str(dtype), where)
        offset = stream.tell()
        if start + size - offset != num_frames * dim * dtype.itemsize:
            msg = (
                f"{where}: {start + size - offset} bytes of an array of shape {shape} of {dtype}; "
                "it was cut short, make or fetch it again"
            )
            raise ArkError(msg)
        if is_fortran and min(num_frames, dim) > 1:
            found = np.fromfile(stream, dtype, num_frames * dim).reshape(dim, num_frames).T
            return self._spared(found, where)
        return StoredArray(where, path, offset, dtype, num_frames, dim, path.stat().st_mtime_ns)

    def _of_torch(self, path: Path) -> StoredArray:
        # Torch, and all models with it.
        from espnet_av.models.conversion.foreign_pickle import TensorRecord
        from espnet_av.models.conversion.torch_file import open_torch_file

        with open_torch_file(path) as file:
            content = file.content
            if isinstance(content, dict) and len(content) == 1:
                content = next(iter(content.values()))
            if not isinstance(content, TensorRecord):
                msg = f"{path}: holds {_told(content)}; expected one tensor, as of {_SAVE}"
                raise ArkError(msg)
            tensor = file.tensors({"features": content})["features"]
        kind = str(tensor.dtype).removeprefix("torch.")
        shape = tuple(tensor.shape)
        num_frames, dim = _two_axes(
            shape, not tensor.is_complex() and kind != "bool", kind, str(path)
        )
        tensor = tensor.reshape(num_frames, dim)
        return self._spared((tensor.float() if kind == _BFLOAT16 else tensor).numpy(), str(path))

    def _spared(self, array: np.ndarray, where: str) -> StoredArray:
        if self._spare is None:
            self._spare = TemporaryFile()  # noqa: SIM115
        offset = self._spare.seek(0, os.SEEK_END)
        self._spare.write(np.ascontiguousarray(array).data)
        self._spare.flush()
        return StoredArray(where, self._spare, offset, array.dtype, *array.shape)


def _told(content: Any) -> str:
    """What is no tensor, in words."""
    if isinstance(content, dict):
        more = ", ..." if len(content) > _SHOWN else ""
        return f"a dict of {', '.join(map(str, list(content)[:_SHOWN]))}{more}"
    if isinstance(content, list | tuple):
        return f"a {type(content).__name__} of {len(content)}"
    return "no tensor of torch"


def _of_kaldi(stream: IO[bytes], dtype: np.dtype[Any], path: Path, where: str) -> StoredArray:
    """A matrix of Kaldi, behind its tag."""
    head = stream.read(10)
    size = struct.unpack("<bibi", head) if len(head) == 10 else (0, 0, 0, 0)
    num_frames, dim, offset = size[1], size[3], stream.tell()
    whole = path.stat().st_size - offset >= num_frames * dim * dtype.itemsize
    if size[::2] != (4, 4) or min(num_frames, dim) < 1 or not whole:
        msg = f"{where}: a matrix of Kaldi that is damaged, cut short or empty; make it again"
        raise ArkError(msg)
    return StoredArray(where, path, offset, dtype, num_frames, dim, path.stat().st_mtime_ns)


def _two_axes(shape: tuple[int, ...], is_number: bool, kind: str, where: str) -> tuple[int, int]:
    """Frames and numbers of a shape; a first axis of one is the batch that many tools leave."""
    inner = shape[1:] if len(shape) == 3 and shape[0] == 1 else shape
    if len(inner) != 2 or 0 in inner or not is_number:
        msg = f"{where}: shape {shape} of {kind}; expected (frames, numbers a frame), both above 0"
        if len(inner) == 3:
            msg += "; save each layer in a folder of its own"
        raise ArkError(msg)
    return inner[0], inner[1]
