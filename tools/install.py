#!/usr/bin/env python3
"""Install the tested set of this Python into its environment, as `make install` does.

Where no GPU is seen, torch's build without CUDA is taken if the package indexes that pip knows of
have it. Others are added as pip takes them: PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS or options here.

    tools/install.py [--torch auto|cpu|cuda] [option of pip]...
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from espnet_av.package_set import normalised, read_lock, set_of  # noqa: E402

OF_GPU = re.compile(r"nvidia-|cuda-|triton$")
"""Packages of the lock that only torch's CUDA build needs."""
WITH_BUILDS = ("torch", "torchaudio")


def has_gpu() -> bool:
    """Whether NVIDIA's tool lists a GPU."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return listed.returncode == 0 and "GPU" in listed.stdout


def cpu_build(name: str, version: str, pip_args: Sequence[str]) -> str | None:
    """The version of a build without CUDA, if pip's indexes have it; nothing is downloaded."""
    command = [sys.executable, "-m", "pip", "index", "versions", name, *pip_args]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    listed = re.search(r"Available versions: (.*)", told.stdout)
    wanted = f"{version}+cpu"
    return wanted if listed and wanted in re.split(r",\s*", listed[1]) else None


def without_cuda(lock: Path, pip_args: Sequence[str]) -> str | None:
    """The lock's text for machines without a GPU; None where there is no such build of torch."""
    builds = {name: cpu_build(name, read_lock(lock)[name], pip_args) for name in WITH_BUILDS}
    if builds["torch"] is None:
        return None
    lines = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        name = normalised(re.split(r"==|\s", line)[0])
        if builds.get(name):
            lines.append(f"{name}=={builds[name]}")
        elif not OF_GPU.match(name):
            lines.append(line)
    return "\n".join(lines) + "\n"


def chosen_lock(lock: Path, torch: str, pip_args: Sequence[str]) -> str:
    """Text of what is to be installed, having said which build of torch that is and why."""
    text = lock.read_text(encoding="utf-8")
    if sys.platform != "linux" or torch == "cuda":
        return text
    gpu = torch == "auto" and has_gpu()
    light = None if gpu else without_cuda(lock, pip_args)
    if light is not None:
        print("  torch's build without CUDA: about 0.6 GB to download, 2.3 GB on disk", flush=True)
        return light
    if torch == "cpu":
        wanted = f"torch {read_lock(lock)['torch']}+cpu"
        sys.exit(
            f"{wanted} for Python {platform.python_version()} on {platform.machine()} is in none "
            "of the indexes that pip knows of; nothing was installed. Set PIP_EXTRA_INDEX_URL to "
            "PyTorch's index for the CPU (their page 'Get started' has it), or leave TORCH=cpu out"
        )
    why = "a GPU is there" if gpu else "no GPU is seen, but pip knows of no other build"
    print(f"  torch's build with CUDA ({why}): about 3.4 GB to download, 6 to 7 GB on disk")
    if not gpu:
        print("  PIP_EXTRA_INDEX_URL with PyTorch's index for the CPU saves 4 GB (README, Install)")
    sys.stdout.flush()
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run pip; its status, or that of a Python that has no set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", choices=("auto", "cpu", "cuda"), default="auto")
    args, pip_args = parser.parse_known_args(arguments)
    package_set = set_of()
    if package_set is None:
        print(f"Python {platform.python_version()} has no tested set", file=sys.stderr)
        return 1
    print(f"installing {package_set.description} into {sys.prefix}", flush=True)
    if importlib.util.find_spec("pip") is None:  # as uv makes environments
        subprocess.run([sys.executable, "-m", "ensurepip"], check=True, capture_output=True)
    text = chosen_lock(package_set.lock, args.torch, pip_args)
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, package_set.lock.name)
        lock.write_text(text, encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command = [*pip, *pip_args, "--no-deps", "-r", str(lock), "-e", str(ROOT)]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
