"""Trying a mutant: its tests run in a copy of the tree, in a fork that has the libraries loaded."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import time
from pathlib import Path

from mutants import Mutant

_LIBRARIES = (
    "numpy", "scipy.signal", "torch", "torchaudio", "lightning", "av", "cv2", "sacrebleu", "jiwer",
    "matplotlib.pyplot", "transformers", "espnet2.asr.espnet_model", "pytest", "hypothesis",
)  # fmt: skip
_PATIENCE = 4.0
_START_SEC = 30.0


def load_libraries() -> None:
    """Import what takes long, but nothing of the package: each trial imports that anew."""
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def is_killed(tree: Path, mutant: Mutant, tests: list[str], seconds: float, log: Path) -> bool:
    """Run tests on a mutant.

    Args:
        tree: copy of the sources and tests; the mutant's file is changed in it and restored.
        mutant: the change.
        tests: pytest's names of tests, run in this order until one fails.
        seconds: what these tests take together; four times that, and half a minute, is too long.
        log: what pytest wrote.

    Returns:
        True if a test failed, the run died or took too long; False if the mutant survived.
    """
    path = tree / mutant.path
    whole, status = path.read_bytes(), path.stat()
    path.write_text(mutant.source, encoding="utf-8")
    # Compiled files are known by size and second: a time of its own keeps out the stale one.
    os.utime(path, (time.time(), status.st_mtime + 1 + hash(mutant.key) % 100_000))
    try:
        return _run(tree, tests, _START_SEC + _PATIENCE * seconds, log) != 0
    finally:
        path.write_bytes(whole)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _run(tree: Path, tests: list[str], limit: float, log: Path) -> int:
    """Exit status of pytest in a fork; 1 if it died or was too slow."""
    child = os.fork()
    if child == 0:
        _become_pytest(tree, tests, log)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return 0 if status == 0 else 1
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def _become_pytest(tree: Path, tests: list[str], log: Path) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        output = os.open(log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(tree)
        os.environ["PYTHONPATH"] = str(tree)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(tree))
        pytest = importlib.import_module("pytest")
        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-cov"]
        status = int(pytest.main([*options, "-W", "ignore", *tests]))
    finally:
        os._exit(status)
