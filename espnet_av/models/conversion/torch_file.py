"""Files of `torch.save`, zip and older ones, read without running their pickle."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import torch
from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.archive_check import ZIP_START, damage_of, open_stored, read_member
from espnet_av.models.conversion.foreign_pickle import ForeignUnpickler, StorageRecord, TensorRecord

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_DAMAGED = "the file is damaged or cut short, copy it again"
_MAX_DIMS = 64


class _Storages(Protocol):
    """Where the numbers of a file are."""

    def read(self, record: StorageRecord) -> bytes:
        """Bytes of one storage."""


class TorchFile:
    """Content of a file of `torch.save`; tensors are made, and checked, when they are asked for.

    Args:
        where: names the file in errors.
        content: from `ForeignUnpickler`.
        storages: the numbers.
    """

    def __init__(self, where: str, content: Any, storages: _Storages) -> None:
        self.content = content
        self._where, self._storages = where, storages
        self._cache: dict[str, Tensor] = {}

    def tensors(self, mapping: Any) -> dict[str, Tensor]:
        """The state dict `mapping`, a part of `content`; tied weights share their memory.

        Raises:
            CheckpointError: it is no state dict, a tensor is larger than its storage, or this is
                damaged.
        """
        named = isinstance(mapping, dict) and all(
            isinstance(key, str) and isinstance(value, TensorRecord)
            for key, value in mapping.items()
        )
        if not named or not mapping:
            msg = f"{self._where}: holds no state dict (names and tensors); is it a checkpoint?"
            raise CheckpointError(msg)
        with damage_of(self._where):
            return {key: self._tensor(key, value) for key, value in mapping.items()}

    def _tensor(self, name: str, record: TensorRecord) -> Tensor:
        storage, offset, size, stride = record
        sound = (
            isinstance(storage, StorageRecord)
            and all(type(value) in (list, tuple) for value in (size, stride))
            and len(size) == len(stride) <= _MAX_DIMS
            and all(type(n) is int and 0 <= n < 2**63 for n in (offset, *size, *stride))
        )
        # Neither beyond the storage nor, by repetition, larger than it.
        if sound and math.prod(size):
            last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
            sound = last < storage.numel and math.prod(size) <= storage.numel
        if not sound:
            msg = f"{self._where}: {name} does not fit into its storage; {_DAMAGED}"
            raise CheckpointError(msg)
        if not math.prod(size):
            return torch.empty(size, dtype=storage.dtype)
        return self._storage(storage).as_strided(size, stride, offset)

    def _storage(self, record: StorageRecord) -> Tensor:
        """(numel,)."""
        if record.key not in self._cache:
            data = bytearray(self._storages.read(record))
            if len(data) != record.numel * record.dtype.itemsize:
                raise EOFError(record.key)
            self._cache[record.key] = torch.frombuffer(data, dtype=record.dtype)
        return self._cache[record.key]


@contextmanager
def open_torch_file(path: Path) -> Iterator[TorchFile]:
    """The content of a file; tensors can be made until the block ends.

    Raises:
        CheckpointError: the file is missing, damaged, of another kind, or its pickle asks for
            something that is no part of a checkpoint (which is not run).
    """
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        msg = f"{path}: no such file; check the path"
        raise CheckpointError(msg) from error
    with stream:
        with damage_of(str(path)):
            start = stream.read(len(ZIP_START))
            stream.seek(0)
            is_zip = start == ZIP_START
            file = _open_zip(stream, path) if is_zip else _open_legacy(stream, path)
        yield file


class _ZipStorages:
    def __init__(self, archive: zipfile.ZipFile, root: str, path: Path) -> None:
        self._archive, self._root, self._path = archive, root, path

    def read(self, record: StorageRecord) -> bytes:
        """See `_Storages`."""
        name = f"{self._root}/data/{record.key}"
        try:
            info = self._archive.getinfo(name)
        except KeyError as error:
            msg = f"{self._path}: the member {name} is missing; {_DAMAGED}"
            raise CheckpointError(msg) from error
        if info.file_size != record.numel * record.dtype.itemsize:
            msg = f"{self._path}: {name} has {info.file_size} bytes, not as its pickle says; "
            raise CheckpointError(msg + _DAMAGED)
        return read_member(self._archive, info)


def _open_zip(stream: IO[bytes], path: Path) -> TorchFile:
    archive = open_stored(stream)
    names = archive.namelist()
    pickles = [name for name in names if name.count("/") == 1 and _is_pickle(name)]
    if len(pickles) != 1:
        msg = f"{path}: a zip, but not one of torch.save (no data.pkl); give a checkpoint"
        raise CheckpointError(msg)
    root = pickles[0].split("/", maxsplit=1)[0]
    order = f"{root}/byteorder"
    if order in names and read_member(archive, archive.getinfo(order)) != b"little":
        msg = f"{path}: written on a big-endian machine; save it again on this one"
        raise CheckpointError(msg)
    pickle = read_member(archive, archive.getinfo(pickles[0]))
    content = ForeignUnpickler(io.BytesIO(pickle), str(path)).read()
    return TorchFile(str(path), content, _ZipStorages(archive, root, path))


class _LegacyStorages:
    def __init__(self, stream: IO[bytes], starts: dict[str, int], path: Path) -> None:
        self._stream, self._starts, self._path = stream, starts, path

    def read(self, record: StorageRecord) -> bytes:
        """See `_Storages`."""
        num_bytes = record.numel * record.dtype.itemsize
        self._stream.seek(self._starts[record.key])
        return self._stream.read(num_bytes)


def _open_legacy(stream: IO[bytes], path: Path) -> TorchFile:
    """Magic number, protocol, machine, content and keys, each a pickle; then the storages."""
    start = stream.read(2)
    stream.seek(0)
    if not start.startswith(b"\x80"):
        msg = f"{path}: no file of torch.save; give a checkpoint (.pt, .pth, .bin, .safetensors)"
        raise CheckpointError(msg)
    magic, protocol, machine = (ForeignUnpickler(stream, str(path)).read() for _ in range(3))
    if magic != _LEGACY_MAGIC or protocol != _LEGACY_PROTOCOL:
        msg = f"{path}: a pickle, but no file of torch.save; give a checkpoint"
        raise CheckpointError(msg)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        msg = f"{path}: written on a big-endian machine; save it again on this one"
        raise CheckpointError(msg)
    unpickler = ForeignUnpickler(stream, str(path))
    content = unpickler.read()
    keys = ForeignUnpickler(stream, str(path)).read()
    listed = isinstance(keys, list) and all(type(key) is str for key in keys)
    if not listed or set(keys) != set(unpickler.storages):
        msg = f"{path}: its list of storages is not that of its pickle; {_DAMAGED}"
        raise CheckpointError(msg)
    starts, end = {}, path.stat().st_size
    for key in keys:
        record = unpickler.storages[key]
        numel = int.from_bytes(stream.read(8), "little")
        starts[key] = stream.tell()
        behind = starts[key] + numel * record.dtype.itemsize
        if numel != record.numel or behind > end:
            msg = f"{path}: the storage {key} is not as long as its pickle says; {_DAMAGED}"
            raise CheckpointError(msg)
        stream.seek(behind)
    return TorchFile(str(path), content, _LegacyStorages(stream, starts, path))


def _is_pickle(name: str) -> bool:
    return name.endswith("/data.pkl")
