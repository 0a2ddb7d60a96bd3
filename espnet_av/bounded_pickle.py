"""Pickles of others as data: nothing in them is run, and their length bounds memory and time."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable, Iterable, Sized
from typing import IO, Any, ClassVar

_MAX_BITS = 64
"""Of an integer that is a key."""
_MAX_PARTS = 16
"""Of a tuple that is a key."""


class Sealed(type):
    """Classes that a pickle cannot change."""

    def __setattr__(cls, name: str, value: Any) -> None:
        msg = f"{cls.__name__}.{name} must not be set"
        raise TypeError(msg)


class PlainDict(dict[Any, Any]):
    """In place of all dicts; attributes that a pickle gives it are left out.

    Its keys are text, numbers, None, short tuples of text, and sealed objects and classes: the hash
    of a tuple is that of all that is in it, every time, and would never end for tuples within
    tuples.
    """

    def __init__(self, pairs: Iterable[Any] = ()) -> None:
        super().__init__()
        for key, value in pairs.items() if isinstance(pairs, dict) else pairs:
            self[key] = value

    def __setitem__(self, key: Any, value: Any) -> None:
        if not _is_key(key):
            msg = f"a {type(key).__name__} is no key of plain data"
            raise TypeError(msg)
        super().__setitem__(key, value)

    def __setstate__(self, state: Any) -> None: ...


def _is_key(key: Any) -> bool:
    if type(key) is tuple:
        return len(key) <= _MAX_PARTS and all(type(part) is str for part in key)
    if isinstance(key, int):
        return key.bit_length() <= _MAX_BITS
    return key is None or isinstance(key, str | float | Sealed) or isinstance(type(key), Sealed)


class Builder:
    """A function of ours in place of one that the pickle names; cannot be changed by it."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build

    def __call__(self, *args: Any) -> Any:
        """Calls the function."""
        return self._build(*args)

    def __setstate__(self, state: Any) -> None:
        msg = "a function must not be changed"
        raise TypeError(msg)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """How older protocols write bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        msg = "bytes that are not written as latin1"
        raise TypeError(msg)
    return text.encode("latin1")


CONTAINERS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": PlainDict,
    "collections.defaultdict": lambda factory=None, pairs=(): PlainDict(pairs),
    "collections.Counter": PlainDict,
    "builtins.set": list,
    "builtins.frozenset": list,
    "_codecs.encode": _encode,
}
"""Name in the pickle -> what is called in its place."""
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_LEFT_OUT = (
    # Further ways to call something; what is left are REDUCE and NEWOBJ.
    pickle.INST,
    pickle.OBJ,
    pickle.NEWOBJ_EX,
    # Blocks of memory that stand outside of the pickle.
    pickle.NEXT_BUFFER,
    pickle.READONLY_BUFFER,
)
"""Opcodes that stand in no pickle of plain data."""
_STEPS: dict[int, Callable[[Any], None]] = pickle._Unpickler.dispatch
"""What Python does for an opcode."""


class _WithinEnd:
    """A stream that is never asked for more than it has: Python reserves what a pickle says."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        start = stream.tell()
        self._end = stream.seek(0, os.SEEK_END)
        self.length = self._end - start
        stream.seek(start)
        self.readline = stream.readline

    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        # Asking a file where it stands is slow, and small requests reserve little.
        return self._stream.read(
            size if size < 1 << 16 else min(size, self._end - self._stream.tell())
        )


class BoundedUnpickler(pickle._Unpickler):
    """Reads one pickle into dicts, lists, text and numbers; sets become lists.

    A subclass says in `find_class` what stands for the classes and functions that a pickle names.

    Memory is at most a fixed multiple of the stream's length, whatever the pickle says:

    - An opcode makes one small object, or one of what it takes from the stream or off the stack. So
      it is in the unpickler that is written in Python, without the opcodes of `_LEFT_OUT`.
    - A call can copy what the memo holds, and so one object many times. All calls together may copy
      no more elements than the stream has bytes; what Python writes copies each element once.

    So is its time, as no hash goes into depth (`PlainDict`) and there are no sets.

    Args:
        stream: stands at the start of the pickle; behind it afterwards.
        encoding: of the text of Python 2.
    """

    # As in the class of Python.
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    _unframer: Any

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        within: Any = _WithinEnd(stream)
        super().__init__(within, encoding=encoding)  # type: ignore[call-arg]
        self._left_to_copy = within.length

    def find_class(self, module: str, name: str) -> Any:
        """What stands for the global `module.name`; nothing is imported."""
        msg = f"it names {module}.{name}"
        raise pickle.UnpicklingError(msg)

    def get_extension(self, code: int) -> None:
        """Refuses numbers in place of names."""
        msg = f"it names a class by number ({code})"
        raise pickle.UnpicklingError(msg)

    def _count_copies(self) -> None:
        """Before a call: it copies its arguments, and one of ours the elements of each."""
        function, arguments = self.stack[-2:]
        copied = [arguments, *arguments] if isinstance(function, Builder) else [arguments]
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

    def _load_bytearray(self) -> None:
        """How protocol 5 writes an array; as bytes, which nothing changes."""
        (size,) = struct.unpack("<Q", self._unframer.read(8))
        self.append(self._unframer.read(size))

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        opcode: step for opcode, step in _STEPS.items() if bytes([opcode]) not in _LEFT_OUT
    } | {
        pickle.REDUCE[0]: _load_reduce,
        pickle.NEWOBJ[0]: _load_newobj,
        pickle.EMPTY_DICT[0]: _load_empty_dict,
        pickle.DICT[0]: _load_dict,
        pickle.BYTEARRAY8[0]: _load_bytearray,
        pickle.EMPTY_SET[0]: _STEPS[pickle.EMPTY_LIST[0]],
        pickle.ADDITEMS[0]: _STEPS[pickle.APPENDS[0]],
        pickle.FROZENSET[0]: _STEPS[pickle.LIST[0]],
    }


def full_name(module: str, name: str) -> str:
    """`module.name` as Python 3 calls it."""
    return f"{_PYTHON_2.get(module, module)}.{name}"
