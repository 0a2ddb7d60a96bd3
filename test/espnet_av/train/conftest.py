"""A process that nobody has started for a larger run."""

from __future__ import annotations

import os

import pytest

RANK_NAMES = ("RANK", "SLURM_PROCID", "NODE_RANK", "LOCAL_RANK", "MASTER_ADDR", "SLURM_NTASKS")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without ranks and without SLURM."""
    for name in list(os.environ):
        if name.startswith("SLURM") or name in RANK_NAMES:
            monkeypatch.delenv(name)
    return monkeypatch
