"""A cluster for the tests of this folder, and the way they use slurm.pl."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from slurm_cluster import SlurmCluster, missing_programs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """A running cluster of two nodes."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"no Slurm here ({', '.join(missing)}); tools/install_slurm.sh installs it")
    with SlurmCluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


class JobRunner:
    """slurm.pl in a folder of its own."""

    def __init__(self, slurm: SlurmCluster, folder: Path) -> None:
        self.slurm, self.folder = slurm, folder
        (folder / "conf").mkdir()
        shutil.copy(ROOT / "egs2/TEMPLATE/av1/conf/slurm.conf", folder / "conf")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [sys.executable, str(ROOT / "utils/slurm.pl"), *arguments],
            cwd=self.folder,
            text=True,
            stderr=subprocess.PIPE,
            env={**self.slurm.env, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run it; returns its exit status and what it said."""
        process = self.start(*arguments)
        _, error = process.communicate(timeout=240)
        return process.returncode, error

    def read(self, name: str) -> str:
        """Text of a file in the folder; empty while there is none."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def jobs(slurm: SlurmCluster, tmp_path: Path) -> JobRunner:
    """slurm.pl with that cluster."""
    return JobRunner(slurm, tmp_path)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Function that polls a condition until it is true."""
    return _wait_until


def _wait_until(is_reached: Callable[[], bool], seconds: float = 120.0) -> None:
    """Poll a condition.

    Raises:
        AssertionError: it does not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
