"""System, processors, GPUs."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys

from espnet_av.cores import num_cores
from espnet_av.environment.finding import Finding


def gpus() -> list[str]:
    """Name, memory and driver of each GPU that NVIDIA's tool lists."""
    if shutil.which("nvidia-smi") is None:
        return []
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    result = subprocess.run(query, capture_output=True, text=True, check=False)
    return result.stdout.strip().splitlines() if result.returncode == 0 else []


def check_machine(found_gpus: list[str]) -> list[Finding]:
    """System, processors, GPUs.

    Args:
        found_gpus: from `gpus`.
    """
    findings = [
        _check_system(),
        Finding("cpu", "machine", "ok", f"{num_cores()} cores", platform.machine()),
        *check_kernels(),
    ]
    if found_gpus:
        return [
            *findings,
            Finding("gpu", "machine", "ok", f"{len(found_gpus)}", "; ".join(found_gpus)),
        ]
    note = "none seen; recipes run on the CPU (--ngpu 0)"
    if shutil.which("nvidia-smi") is not None:
        note = "nvidia-smi finds no GPU"
    return [*findings, Finding("gpu", "machine", "missing", "", note)]


def _check_system() -> Finding:
    name, version = platform.system(), platform.release()
    if sys.platform == "win32":
        note = "not supported; install in the Linux of WSL2 (wsl --install)"
        return Finding("system", "core", "broken", f"{name} {version}", note)
    known = {"linux": "tested", "darwin": "supported; most tests run on Linux alone"}
    if "microsoft" in version.lower():
        note = "Linux of WSL2; keep data in its own file system, not under /mnt/c, which is slow"
        return Finding("system", "machine", "ok", name, note)
    return Finding("system", "machine", "ok", name, known.get(sys.platform, "not tried"))


def check_kernels() -> list[Finding]:
    """Level of the processor's instructions, and what is lacking there."""
    try:
        import torch

        from espnet_av.processor import has_half_lstm, kernels
    except (ImportError, OSError):  # a torch that does not load has its own line
        return []
    found = kernels()
    findings = [Finding("kernels", "machine", "ok", found.level, found.note)]
    if not has_half_lstm(torch.bfloat16):
        note = "this processor has no kernel; with precision: bf16 those layers run in float32"
        findings.append(Finding("bfloat16 LSTM", "machine", "missing", "", note))
    return findings
