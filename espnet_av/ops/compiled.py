"""Functions as machine code, by numba, kept on disk where there is a place for it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit

_SOURCES = "abx_*.py"


def compiled(function: Callable[..., Any]) -> Any:
    """A function of one of our `abx` modules as machine code.

    Numba compiles a function anew when its own file has changed, not when that of a function that
    it calls has. So the name it is kept under tells the sources of all of them.
    """
    function.__qualname__ += f"_{_stamp()}"
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither this folder nor the user's own can be written
        return njit(nogil=True)(function)


@lru_cache(maxsize=1)
def _stamp() -> str:
    sources = sorted(Path(__file__).parent.glob(_SOURCES))
    return f"{zlib.crc32(b''.join(path.read_bytes() for path in sources)):08x}"
