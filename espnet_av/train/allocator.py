"""Memory that large tensors leave is kept for the next step, where the C library can do that."""

from __future__ import annotations

import ctypes
import os

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Parameters of mallopt(3) in glibc."""


def keep_freed_memory() -> bool:
    """Make glibc keep freed memory in the process; False where that is not to be done.

    By itself glibc maps every large block anew and gives it back when it is freed, so that each
    step gets its tensors as empty pages that the kernel has to clear. What a process holds at its
    fullest moment stays the same. Variables that set glibc's allocator, such as
    `MALLOC_TRIM_THRESHOLD_=131072`, its default, keep it as it is. Other C libraries have no such
    parameters.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # -1: never give back; 0: no block of its own for a large request.
    return bool(mallopt(_TRIM_THRESHOLD, -1)) and bool(mallopt(_MMAP_MAX, 0))
