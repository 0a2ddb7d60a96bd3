"""Arrays of numbers in numpy's format: a file of its own, or an entry of an archive."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from espnet_av.errors import ArkError, ArrayError, raise_machine_fault


def npy_bytes(array: np.ndarray) -> bytes:
    """An array as the content of a `.npy` file."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array))
    return buffer.getvalue()


def parse_npy(payload: bytes, dtype: DTypeLike, num_axes: int) -> np.ndarray:
    """The array that `npy_bytes` wrote, writable.

    Raises:
        ValueError: it is damaged, of another type or of other axes, or empty.
    """
    stream = io.BytesIO(payload)
    try:
        version = np.lib.format.read_magic(stream)
        read_head = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
        shape, is_fortran, found = read_head(stream)
    except AttributeError as error:
        msg = f"version {version} of numpy's format"
        raise ValueError(msg) from error
    # Sizes first: numpy reserves what the head says.
    size = np.dtype(dtype).itemsize
    if found != dtype or is_fortran or len(shape) != num_axes or len(payload) == stream.tell():
        msg = f"shape {shape} of {found}"
        raise ValueError(msg)
    if len(payload) - stream.tell() != size * int(np.prod(shape)):
        msg = f"{len(payload) - stream.tell()} bytes of an array of shape {shape}"
        raise ValueError(msg)
    return np.frombuffer(payload, dtype, offset=stream.tell()).reshape(shape).copy()


def as_float16(values: np.ndarray, what: str) -> np.ndarray:
    """The numbers in half the space.

    Raises:
        ArkError: there are none, or some that float16 does not hold; `what` tells whose they are.
    """
    if values.dtype.kind != "f" or values.size == 0:
        msg = f"{what}: shape {values.shape} of {values.dtype}; expected floats, and at least one"
        raise ArkError(msg)
    with np.errstate(over="ignore"):
        small = values.astype(np.float16)
    if not np.isfinite(small).all():
        is_finite = np.isfinite(values)
        largest = float(np.abs(values).max())
        msg = (
            f"{what}: the largest of its numbers is {largest:g}, but archives hold float16, up to "
            "65504; scale what made it, or mend what is not finite"
        )
        reason = "numbers beyond float16" if is_finite.all() else "numbers that are not finite"
        raise ArrayError(msg, reason)
    return small


def read_array_file(path: str) -> np.ndarray:
    """Floats of a `.npy` file.

    Raises:
        ArkError: it is not there, or is no such file.
    """
    try:
        array: np.ndarray = np.load(Path(path), mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            msg = f"{type(array).__name__}, not an array of floats"
            raise ValueError(msg)
        return np.array(array)
    except (OSError, ValueError, EOFError) as error:
        raise_machine_fault(error, path)
        told = " ".join(str(error).split())[:80]
        msg = f"{path}: cannot be read as a .npy file of floats ({told}); make or fetch it again"
        raise ArkError(msg) from error
