"""Two processes train like one with the same global batch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

TEST_ROOT = Path(__file__).resolve().parents[2]


def fit(out_dir: Path, *arguments: str) -> tuple[dict, list[dict]]:
    """Weights after three steps, and what each rank saw."""
    out_dir.mkdir()
    result = subprocess.run(
        [sys.executable, str(TEST_ROOT / "oracles" / "fit_toy.py"), str(out_dir), *arguments],
        env={
            **os.environ,
            "PYTHONPATH": f"{TEST_ROOT.parent}:{TEST_ROOT}",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    ranks = sorted(out_dir.glob("rank*.pt"))
    weights = torch.load(out_dir / "3step.pth", weights_only=True)
    return weights, [torch.load(path, weights_only=True) for path in ranks]


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    return fit(tmp_path_factory.mktemp("single") / "out", "auto", "1", "8", "1")


@pytest.mark.parametrize(
    ("strategy", "max_utts", "accum_grad"), [("ddp", "2", "2"), ("fsdp2", "4", "1")]
)
def test_two_processes_equal_one(single, tmp_path, strategy, max_utts, accum_grad):
    expected, (alone,) = single
    weights, ranks = fit(tmp_path / "two", strategy, "2", max_utts, accum_grad)
    assert weights.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(weights[key], value, rtol=1e-5, atol=1e-6, msg=key)
    # The logged means are over all utterances, the same on both ranks, and those of one process.
    figures = [("train", "loss"), ("train", "grad_norm"), ("valid", "loss")]
    assert alone["points"]["valid"]["spread"] == [[3, 2.0]]
    assert alone["points"]["valid"]["num_seen"] == [[3, 3.0]]
    for phase, key in (*figures, ("valid", "spread"), ("valid", "num_seen")):
        values = torch.tensor(alone["points"][phase][key])
        for rank in ranks:
            torch.testing.assert_close(torch.tensor(rank["points"][phase][key]), values)
    # Modality dropout differs by rank and by micro-batch.
    steps = [list(map(tuple, rank["steps"])) for rank in ranks]
    micro_steps = 3 * int(accum_grad)
    assert steps == [[(step, rank, 0) for step in range(micro_steps)] for rank in range(2)]
