"""Pickles of numpy arrays, lists and None as data: sizes are checked before anything is made."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from espnet_av.bounded_pickle import (
    CONTAINERS,
    BoundedUnpickler,
    Builder,
    Sealed,
    full_name,
)
from espnet_av.errors import MediaError

_MAX_DIMS = 8
_ELEMENT = re.compile(r"([<>=|]?[fiub]\d{1,2})|[|]?O\d?")
"""Numbers of one kind, or objects."""


class ElementType(metaclass=Sealed):
    """What a pickle says of `numpy.dtype`."""

    __slots__ = ("name", "order")

    def __init__(self, name: Any, *_: Any) -> None:
        self.name, self.order = name, "="

    def __setstate__(self, state: Any) -> None:
        """(version, byte order, parts and names that a type of one number has not, ...)."""
        if (
            type(state) is not tuple
            or len(state) < 5
            or any(part is not None for part in state[2:5])
        ):
            msg = "an array of records"
            raise TypeError(msg)
        self.order = state[1]

    def dtype(self) -> np.dtype[Any]:
        """The type in numpy."""
        name: Any = self.name
        order: Any = self.order
        if not isinstance(name, str) or not _ELEMENT.fullmatch(name) or order not in tuple("<>=|"):
            msg = f"an array of {str(name)[:20]!r}, not of numbers"
            raise TypeError(msg)
        dtype = np.dtype(name)
        return dtype if order == "|" or dtype.hasobject else dtype.newbyteorder(order)


class ArrayRecord(metaclass=Sealed):
    """An array that was not made yet; nothing of it has been checked."""

    __slots__ = ("content", "element", "is_fortran", "shape")

    def __init__(self, content: Any = b"", element: Any = None, shape: Any = ()) -> None:
        self.content, self.element, self.shape = content, element, shape
        self.is_fortran = False

    def __setstate__(self, state: Any) -> None:
        """As numpy's: (version, shape, type, order, content); the oldest have no version."""
        *_, self.shape, self.element, is_fortran, self.content = state
        self.is_fortran = bool(is_fortran)

    def array(self) -> np.ndarray:
        """The array, read-only; of the objects of a pickle where it holds such.

        Raises:
            TypeError, ValueError: it is none, or its content has another length.
        """
        dtype, count = self._dtype(), self._count()
        if dtype.hasobject:
            if type(self.content) is not list or len(self.content) != count:
                msg = f"an array of {count} objects, whose content has another length"
                raise ValueError(msg)
            # numpy lists objects row by row, whatever the order of the array was.
            return np.fromiter(self.content, dtype=object, count=count).reshape(self.shape)
        raw = self.content.encode("latin1") if isinstance(self.content, str) else self.content
        if not isinstance(raw, bytes) or len(raw) != count * dtype.itemsize:
            msg = f"an array of {count} numbers, whose content has another length"
            raise ValueError(msg)
        if not count:
            return np.empty(self.shape, dtype)
        return np.frombuffer(raw, dtype).reshape(self.shape, order="F" if self.is_fortran else "C")

    def _dtype(self) -> np.dtype[Any]:
        if not isinstance(self.element, ElementType):
            msg = "an array without a type"
            raise TypeError(msg)
        return self.element.dtype()

    def _count(self) -> int:
        """Elements."""
        shape = self.shape
        sound = type(shape) is tuple and len(shape) <= _MAX_DIMS
        if not sound or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
            msg = "an array of impossible size"
            raise ValueError(msg)
        return math.prod(shape)


def _scalar(element: Any, content: Any) -> float:
    """A number that numpy wrote."""
    return float(ArrayRecord(content, element).array()[()])


def _from_buffer(content: Any, element: Any, shape: Any, order: Any) -> ArrayRecord:
    """Protocol 5."""
    record = ArrayRecord(content, element, shape)
    record.is_fortran = order == "F"
    return record


def _not_called(*_: Any) -> None:
    """What older protocols name as the class of an array."""
    msg = "an array that is made by its class"
    raise TypeError(msg)


def _reconstruct(*_: Any) -> ArrayRecord:
    """Older protocols; the content follows."""
    return ArrayRecord()


_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy._core.numeric")
_BUILDERS: dict[str, Callable[..., Any]] = CONTAINERS | {
    "builtins.bytes": lambda: b"",
    "numpy.ndarray": _not_called,
    "numpy.dtype": ElementType,
    **{f"{module}._reconstruct": _reconstruct for module in _NUMPY},
    **{f"{module}.scalar": _scalar for module in _NUMPY},
    **{f"{module}._frombuffer": _from_buffer for module in (*_NUMPY, "numpy.core.numeric")},
}


class LandmarkUnpickler(BoundedUnpickler):
    """Reads lists, dicts, numbers, None and `ArrayRecord`; whatever else is named is refused.

    Args:
        content: the pickle.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        """What stands for the global `module.name`; nothing is imported."""
        full = full_name(module, name)
        if full not in _BUILDERS:
            msg = f"it holds '{full[:200]}', which is no array or plain container"
            raise MediaError(msg)
        return Builder(_BUILDERS[full])
