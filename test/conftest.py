"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPO_ROOT = Path(__file__).resolve().parent.parent

# One thread a test process: they run in parallel, and sums then have one order.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="device of the tests marked gpu: cpu or cuda")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--device") != "cpu":
        return
    skip = pytest.mark.skip(reason="needs --device cuda")
    for item in items:
        if "gpu" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def device(request: pytest.FixtureRequest) -> str:
    """Device named on the command line."""
    return request.config.getoption("--device")


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """Top folder of the project."""
    return REPO_ROOT


@pytest.fixture(scope="session")
def grid_root() -> Path:
    """900 real clips of one GRID talker; tests that need them are skipped where they are absent."""
    path = REPO_ROOT.parent / "shared" / "data" / "grid_s1"
    if not path.is_dir():
        pytest.skip(f"no GRID clips at {path.name} beside the project")
    return path
