"""Reading the pickles of other projects, none of their code run: objects become plain records."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any, NamedTuple

import torch

from espnet_av.bounded_pickle import CONTAINERS, BoundedUnpickler, Builder, Sealed, full_name
from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_object import ForeignObject

FOREIGN_ROOTS = frozenset(
    {
        "fairseq",
        "omegaconf",
        "hydra",
        "avhubert",
        "av_hubert",
        "hubert",
        "hubert_asr",
        "hubert_pretraining",
        "sentencepiece",
        "numpy",
        "pathlib",
        "typing",
    }
)
"""Packages whose classes turn up in checkpoints; a `ForeignObject` stands for each."""
FOREIGN_NAMES = frozenset(
    {"argparse.Namespace", "datetime.timedelta", "torch.device", "torch.Size"}
    | {f"torch.{name}" for name in ("float16", "bfloat16", "float32", "float64", "int32", "int64")}
    | {
        f"builtins.{name}"
        for name in ("bool", "bytes", "complex", "dict", "float", "int", "list", "long", "object")
    }
    | {f"builtins.{name}" for name in ("str", "tuple", "type", "unicode")}
)
"""Single classes of the same kind, such as the types that a configuration notes of its keys."""
_MAX_NAME = 200
"""Characters of the name of a class."""


class StorageType(NamedTuple):
    """A class such as `torch.FloatStorage`, of which only the type of its elements matters."""

    dtype: torch.dtype


class StorageRecord(NamedTuple):
    """A block of numbers that lies elsewhere in the file."""

    key: str
    dtype: torch.dtype
    numel: int


class TensorRecord(NamedTuple):
    """A tensor that was not made yet; nothing of it has been checked."""

    storage: Any
    offset: Any
    size: Any
    stride: Any


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> TensorRecord:
    return TensorRecord(storage, offset, size, stride)


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


def _reconstruct(cls: Any, *_: Any) -> ForeignObject:
    """How the oldest protocols make objects."""
    if not (isinstance(cls, type) and issubclass(cls, ForeignObject)):
        msg = "an object of no class"
        raise TypeError(msg)
    return cls()


_BUILDERS: dict[str, Callable[..., Any]] = CONTAINERS | {
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "copyreg._reconstructor": _reconstruct,
}
"""Name in the pickle -> what is called in its place."""
_STORAGES = {
    f"torch.{name}Storage": StorageType(dtype)
    for name, dtype in {
        "Double": torch.float64,
        "Float": torch.float32,
        "Half": torch.float16,
        "BFloat16": torch.bfloat16,
        "Long": torch.int64,
        "Int": torch.int32,
        "Short": torch.int16,
        "Char": torch.int8,
        "Byte": torch.uint8,
        "Bool": torch.bool,
    }.items()
}


class ForeignUnpickler(BoundedUnpickler):
    """Reads one pickle into dicts, lists, `ForeignObject` and `TensorRecord`; sets become lists.

    Args:
        stream: stands at the start of the pickle; behind it afterwards.
        where: names the file in errors.
    """

    def __init__(self, stream: IO[bytes], where: str) -> None:
        super().__init__(stream, encoding="utf-8")
        self._where = where
        self._stubs: dict[str, type[ForeignObject]] = {}
        self.storages: dict[str, StorageRecord] = {}

    def read(self) -> Any:
        """Content of the pickle.

        Raises:
            CheckpointError: it names something that is no part of a checkpoint, or is damaged.
        """
        try:
            return self.load()
        except CheckpointError:
            raise
        except Exception as error:  # whatever wrong types in a damaged or hostile pickle lead to
            msg = (
                f"{self._where}: its pickle cannot be understood ({type(error).__name__}: {error});"
                " the file is damaged or cut short, copy it again"
            )
            raise CheckpointError(msg) from error

    def find_class(self, module: str, name: str) -> Any:
        """What stands for the global `module.name`; nothing is imported."""
        full = full_name(module, name)
        if full in _BUILDERS:
            return Builder(_BUILDERS[full])
        if full in _STORAGES:
            return _STORAGES[full]
        foreign = full in FOREIGN_NAMES or module.split(".")[0] in FOREIGN_ROOTS
        if foreign and len(full) <= _MAX_NAME:
            if full not in self._stubs:
                # Stands for a class; has no behaviour of it.
                namespace = {"__slots__": (), "type_name": full}
                stub: Any = Sealed(name, (ForeignObject,), namespace)
                self._stubs[full] = stub
            return self._stubs[full]
        msg = (
            f"{self._where}: its pickle asks for {full[:_MAX_NAME]}, which is no part of a "
            "checkpoint; it was refused and nothing was run. Do not use this file, or save its "
            "weights alone as safetensors where you trust it"
        )
        raise CheckpointError(msg)

    def persistent_load(self, pid: Any) -> StorageRecord:
        """The storage that a tensor refers to."""
        if type(pid) is not tuple or len(pid) not in (5, 6):
            msg = f"{self._where}: its pickle refers to something that is no storage of torch"
            raise CheckpointError(msg)
        kind, storage_type, key, _, numel, *view = pid
        known = isinstance(storage_type, StorageType) and kind == "storage"
        if not known or not isinstance(key, str) or type(numel) is not int or any(view):
            msg = f"{self._where}: a tensor refers to something that is no storage of torch"
            raise CheckpointError(msg)
        record = StorageRecord(key, storage_type.dtype, numel)
        if numel < 0 or self.storages.setdefault(key, record) != record:
            msg = f"{self._where}: the storage {key} has several sizes; the file is damaged"
            raise CheckpointError(msg)
        return record
