"""The results file of a benchmark: where it ran, how it was called, with which versions."""

import datetime
import os
import platform
import sys
from pathlib import Path

import torch

from espnet_av.atomic import atomic_write
from espnet_av.provenance import git_hash, versions


def publish(text: str, out: Path | None) -> None:
    """Prints the page, and writes it if a file is given."""
    print(text)
    if out:
        with atomic_write(out) as stream:
            stream.write(text)


def heading(title: str, device: str, num_threads: int | None = None) -> list[str]:
    """First lines of a page: title, date, machine, git hash and command."""
    threads = "" if num_threads is None else f", {num_threads} thread(s)"
    return [
        f"# {title}",
        "",
        f"{datetime.date.today()}; {processor(device)}, {os.cpu_count()} cores{threads}; "
        f"git {git_hash()}",
        "",
        f"    python {' '.join(sys.argv)}",
        "",
    ]


def processor(device: str) -> str:
    """Name of the processor."""
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def version_line() -> str:
    """Every package with its version."""
    return ", ".join(f"{name} {version}" for name, version in versions().items())
