"""What the processor's instructions let the library compute, in one place."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

_SETTINGS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
"""Variables that make torch, or its oneDNN, take the kernels of lesser processors."""
_LEVELS = {
    "AVX512": ("AVX-512", "the fastest kernels"),
    "AVX2": ("AVX2", "as on most laptops; as right, half as fast"),
    "DEFAULT": ("SSE", "neither AVX2 nor AVX-512; as right, several times slower"),
}


@dataclass(frozen=True)
class Kernels:
    """Which kernels torch computes with here."""

    level: str
    """AVX-512, AVX2, SSE, NEON, SVE ..."""
    note: str
    """What that means, and what limits it."""


def kernels() -> Kernels:
    """The level of this processor, and what it means."""
    capability = torch.backends.cpu.get_cpu_capability()
    if platform.machine().lower() in ("arm64", "aarch64"):
        level = "NEON" if capability == "DEFAULT" else capability
        note = "ARM; tested less than Intel and AMD"
    else:
        level, note = _LEVELS.get(capability, (capability, "not among those that were tried"))
    limits = [f"{name}={os.environ[name]}" for name in _SETTINGS if os.environ.get(name)]
    if limits:
        note += f"; limited by {' '.join(limits)}"
    return Kernels(level, f"{note}; another level rounds otherwise: losses differ in last digits")


@cache
def mkl_holds_back() -> bool:
    """Whether MKL computes with AVX2 although torch's other kernels have AVX-512 here.

    It takes its fastest kernels on Intel's processors only. Where the maker is not told, it is
    believed to be Intel.
    """
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or not torch.backends.mkl.is_available():
        return False
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    makers = {line.split(":", 1)[1].strip() for line in lines if line.startswith("vendor_id")}
    return bool(makers) and "GenuineIntel" not in makers


@cache
def has_half_lstm(dtype: torch.dtype) -> bool:
    """Whether an LSTM can run on the CPU under autocast: tried once, as no flag tells it.

    Args:
        dtype: of autocast, bfloat16 or float16.
    """
    # Its weights are drawn: the caller's next draw, of dropout say, must not depend on this.
    with torch.random.fork_rng(devices=[]):
        layer = torch.nn.LSTM(1, 1)
    with torch.no_grad(), torch.autocast("cpu", dtype=dtype):
        try:
            layer(torch.zeros(1, 1, 1))
        except RuntimeError:
            return False
    return True
