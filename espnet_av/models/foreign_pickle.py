"""Reading the pickles of other projects, none of their code run: objects become plain records."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sized
from typing import IO, Any, ClassVar, NamedTuple

import torch

from espnet_av.errors import CheckpointError
from espnet_av.models.foreign_object import ForeignObject, PlainDict, Sealed

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
    {"argparse.Namespace", "torch.device", "torch.Size"}
    | {f"torch.{name}" for name in ("float16", "bfloat16", "float32", "float64", "int32", "int64")}
    | {
        f"builtins.{name}"
        for name in ("bool", "bytes", "complex", "dict", "float", "int", "list", "long", "object")
    }
    | {f"builtins.{name}" for name in ("str", "tuple", "type", "unicode")}
)
"""Single classes of the same kind, such as the types that a configuration notes of its keys."""
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}
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


class _Builder:
    """A function of this module in place of one that the pickle names; cannot be changed by it."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build

    def __call__(self, *args: Any) -> Any:
        return self._build(*args)

    def __setstate__(self, state: Any) -> None:
        msg = "a function must not be changed"
        raise TypeError(msg)


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> TensorRecord:
    return TensorRecord(storage, offset, size, stride)


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """How older protocols write bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        msg = "bytes that are not written as latin1"
        raise TypeError(msg)
    return text.encode("latin1")


def _reconstruct(cls: Any, *_: Any) -> ForeignObject:
    """How the oldest protocols make objects."""
    if not (isinstance(cls, type) and issubclass(cls, ForeignObject)):
        msg = "an object of no class"
        raise TypeError(msg)
    return cls()


_BUILDERS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "collections.OrderedDict": PlainDict,
    "collections.defaultdict": lambda factory=None, pairs=(): PlainDict(pairs),
    "collections.Counter": PlainDict,
    "builtins.set": list,
    "builtins.frozenset": list,
    "_codecs.encode": _encode,
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


_LEFT_OUT = (
    # Further ways to call something; what is left are REDUCE and NEWOBJ.
    pickle.INST,
    pickle.OBJ,
    pickle.NEWOBJ_EX,
    # Reserves as many bytes as the pickle says before it reads them; and its kin.
    pickle.BYTEARRAY8,
    pickle.NEXT_BUFFER,
    pickle.READONLY_BUFFER,
)
"""Opcodes that `torch.save` does not write for a checkpoint."""
_STEPS: dict[int, Callable[[Any], None]] = pickle._Unpickler.dispatch
"""What Python does for an opcode."""


class ForeignUnpickler(pickle._Unpickler):
    """Reads one pickle into dicts, lists, `ForeignObject` and `TensorRecord`; sets become lists.

    Its memory is at most a fixed multiple of the stream's length, whatever the pickle says:

    - An opcode makes one small object, or one of what it takes from the stream or off the stack. So
      it is in the unpickler that is written in Python, without the opcodes of `_LEFT_OUT`.
    - A call can copy what the memo holds, and so one object many times. All calls together may copy
      no more elements than the stream has bytes; what Python writes copies each element once.

    So is its time, as no hash goes into depth (`PlainDict`) and there are no sets.

    Args:
        stream: stands at the start of the pickle; behind it afterwards.
        where: names the file in errors.
    """

    # As in the class of Python.
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, stream: IO[bytes], where: str) -> None:
        super().__init__(stream, encoding="utf-8")  # type: ignore[call-arg]
        self._where = where
        start = stream.tell()
        self._left_to_copy = stream.seek(0, os.SEEK_END) - start
        stream.seek(start)
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
        full = f"{_PYTHON_2.get(module, module)}.{name}"
        if full in _BUILDERS:
            return _Builder(_BUILDERS[full])
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

    def get_extension(self, code: int) -> None:
        """Refuses numbers in place of names."""
        msg = f"{self._where}: its pickle names a class by number ({code}); it was refused"
        raise CheckpointError(msg)

    def _count_copies(self) -> None:
        """Before a call: it copies its arguments, and one of this module the elements of each."""
        function, arguments = self.stack[-2:]
        copied = [arguments, *arguments] if isinstance(function, _Builder) else [arguments]
        self._left_to_copy -= sum(len(value) for value in copied if isinstance(value, Sized))
        if self._left_to_copy < 0:
            msg = "its calls copy more than it holds"
            raise pickle.UnpicklingError(msg)

    def _load_reduce(self) -> None:
        self._count_copies()
        _STEPS[pickle.REDUCE[0]](self)

    def _load_newobj(self) -> None:
        self._count_copies()
        _STEPS[pickle.NEWOBJ[0]](self)

    def _load_empty_dict(self) -> None:
        self.append(PlainDict())

    def _load_dict(self) -> None:
        items = self.pop_mark()
        self.append(PlainDict(zip(items[::2], items[1::2], strict=True)))

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

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        opcode: step for opcode, step in _STEPS.items() if bytes([opcode]) not in _LEFT_OUT
    } | {
        pickle.REDUCE[0]: _load_reduce,
        pickle.NEWOBJ[0]: _load_newobj,
        pickle.EMPTY_DICT[0]: _load_empty_dict,
        pickle.DICT[0]: _load_dict,
        pickle.EMPTY_SET[0]: _STEPS[pickle.EMPTY_LIST[0]],
        pickle.ADDITEMS[0]: _STEPS[pickle.APPENDS[0]],
        pickle.FROZENSET[0]: _STEPS[pickle.LIST[0]],
    }
