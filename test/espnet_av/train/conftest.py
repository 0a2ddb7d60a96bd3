"""A process that nobody has started for a larger run, and weights from elsewhere."""

from __future__ import annotations

import os

import pytest
import torch

RANK_NAMES = ("RANK", "SLURM_PROCID", "NODE_RANK", "LOCAL_RANK", "MASTER_ADDR", "SLURM_NTASKS")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without ranks and without SLURM."""
    for name in list(os.environ):
        if name.startswith("SLURM") or name in RANK_NAMES:
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def pretrained(tmp_path):
    """A file with `old.weight`, `old.bias` and something else."""
    path = tmp_path / "old.pth"
    state = {"old.weight": torch.ones(3, 2), "old.bias": torch.ones(3), "mask": torch.ones(1)}
    torch.save(state, path)
    return path
