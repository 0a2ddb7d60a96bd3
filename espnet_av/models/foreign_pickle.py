"""Reading the pickles of other projects, none of their code run: objects become plain records."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import IO, Any, NamedTuple

import torch

from espnet_av.errors import CheckpointError

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
_MAX_NODES = 20_000
_MAX_DEPTH = 64


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


class _Sealed(type):
    """Classes that a pickle cannot change."""

    def __setattr__(cls, name: str, value: Any) -> None:
        msg = f"{cls.__name__}.{name} must not be set"
        raise TypeError(msg)


class ForeignObject(metaclass=_Sealed):
    """What a pickle says of an object of another project; it holds this and does nothing.

    Attributes:
        args: what its constructor was to be called with.
        state: what was to become its attributes; None = nothing was said.
        items: content, if it was to be a kind of list or mapping.
    """

    __slots__ = ("args", "items", "state")
    type_name = ""
    args: tuple[Any, ...]
    state: Any
    items: list[Any]

    def __new__(cls, *args: Any, **_: Any) -> ForeignObject:
        """Keeps the arguments."""
        made = super().__new__(cls)
        made.args, made.state, made.items = args, None, []
        return made

    def __init__(self, *args: Any, **_: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        """An element of a list."""
        self.items.append(value)


class PlainDict(dict[Any, Any]):
    """In place of OrderedDict and its kin; attributes that a pickle gives it are left out."""

    def __setstate__(self, state: Any) -> None: ...


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
        msg = f"bytes written as {encoding}"
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
    "collections.OrderedDict": lambda pairs=(): PlainDict(pairs),
    "collections.defaultdict": lambda factory=None, pairs=(): PlainDict(pairs),
    "collections.Counter": lambda pairs=(): PlainDict(pairs),
    "builtins.set": lambda values=(): set(values),
    "builtins.frozenset": lambda values=(): frozenset(values),
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


# The one in Python: its memory grows with the file, whatever numbers the pickle names.
class ForeignUnpickler(pickle._Unpickler):
    """Reads one pickle into dicts, lists, `ForeignObject` and `TensorRecord`.

    Args:
        stream: stands at the start of the pickle; behind it afterwards.
        where: names the file in errors.
    """

    def __init__(self, stream: IO[bytes], where: str) -> None:
        super().__init__(stream, encoding="utf-8")  # type: ignore[call-arg]
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
        full = f"{_PYTHON_2.get(module, module)}.{name}"
        if full in _BUILDERS:
            return _Builder(_BUILDERS[full])
        if full in _STORAGES:
            return _STORAGES[full]
        if full in FOREIGN_NAMES or module.split(".")[0] in FOREIGN_ROOTS:
            if full not in self._stubs:
                # Stands for a class; has no behaviour of it.
                namespace = {"__slots__": (), "type_name": full}
                stub: Any = _Sealed(name, (ForeignObject,), namespace)
                self._stubs[full] = stub
            return self._stubs[full]
        msg = (
            f"{self._where}: its pickle asks for {full}, which is no part of a checkpoint; it was "
            "refused and nothing was run. Do not use this file, or save its weights alone as "
            "safetensors where you trust it"
        )
        raise CheckpointError(msg)

    def get_extension(self, code: int) -> None:
        """Refuses numbers in place of names."""
        msg = f"{self._where}: its pickle names a class by number ({code}); it was refused"
        raise CheckpointError(msg)

    def persistent_load(self, pid: Any) -> StorageRecord:
        """The storage that a tensor refers to."""
        if type(pid) is not tuple or len(pid) < 5:
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


def as_plain(value: Any) -> Any:
    """Configurations as dicts, lists, text and numbers; what is none of these becomes None.

    Reads argparse namespaces, dataclasses, enums and the containers of omegaconf.

    Raises:
        CheckpointError: the value is nested without end, or too large for a configuration.
    """
    return _as_plain(value, [_MAX_NODES], 0)


def _as_plain(value: Any, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > _MAX_DEPTH:
        msg = "the configuration in the checkpoint is too large or nested without end"
        raise CheckpointError(msg)
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, ForeignObject):
        return _as_plain(_inside(value), budget, depth + 1)
    if isinstance(value, dict):
        return {str(k): _as_plain(v, budget, depth + 1) for k, v in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return [_as_plain(item, budget, depth + 1) for item in value]
    return None


def _inside(value: ForeignObject) -> Any:
    """What an object is about: its attributes, the content of a container, the value of an enum."""
    state = value.state
    if isinstance(state, dict):
        for key in ("_content", "_val"):
            if key in state:
                return state[key]
        return state
    if value.items:
        return value.items
    return value.args[0] if len(value.args) == 1 else None
