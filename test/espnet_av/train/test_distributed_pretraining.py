"""Pre-training in two processes: sharded as replicated, one killed, both stopped, run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from oracles.pretraining_run import train_arguments, write_pretraining_folders

from espnet_av.train.checkpoint_store import find_checkpoint
from espnet_av.train.signals import EXIT_STOPPED

TEST_ROOT = Path(__file__).resolve().parents[2]
CONFIG = {
    "model": "avhubert",
    "model_conf": {
        "visual_frontend_conf": {"width": 4},
        "feature_size": 16,
        "modality_dropout": {"drop_prob": 0.5},
        # Some layers are left out and the others computed twice: what sharding makes difficult.
        "encoder_conf": {
            "num_layers": 3,
            "attention_heads": 2,
            "linear_units": 32,
            "layerdrop": 0.3,
            "pos_conv_kernel": 4,
            "pos_conv_groups": 2,
            "checkpoint_layers": True,
        },
        "projection_size": 8,
    },
    "dataset": {"video_crop": 16, "time_mask_frames": 0, "max_frames": 12},
    "batch_frames": 40,
    "accum_grad": 2,
    "max_steps": 4,
    "valid_interval_steps": 4,
    "save_interval_steps": 1,
    "log_interval_steps": 1,
    "optim_conf": {"lr": 0.01},
    "scheduler": "constant",
    "average": 0,
    "num_workers": 0,
    "num_threads": 1,
}
# Ends the second process, as when memory runs out, before the fifth micro-batch.
KILLED = """
import os, signal, sys
from espnet_av.bin import train
from espnet_av.train.lightning_module import AVLightningModule
step = AVLightningModule.training_step
def training_step(self, batch, batch_idx):
    if batch.key.micro_step == 5 and self.global_rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, batch, batch_idx)
if len(sys.argv) > 1 and os.environ.get("KILL"):
    AVLightningModule.training_step = training_step
sys.exit(train.main(sys.argv[1:]))
"""
# Both are told to stop in the second step, and the disk is slower than Lightning's look at the
# other process, which it takes every 5 s.
STOPPED = """
import os, signal, sys, time
from espnet_av.bin import train
from espnet_av.train import checkpoint_store
from espnet_av.train.lightning_module import AVLightningModule
step, sync = AVLightningModule.training_step, checkpoint_store._sync
told = []
def training_step(self, batch, batch_idx):
    if batch.key.micro_step == 2:
        told.append(True)
        os.kill(os.getpid(), signal.SIGTERM)
    return step(self, batch, batch_idx)
def slow(path):
    if path.name.endswith(".tmp") and told:
        time.sleep(8)
    sync(path)
AVLightningModule.training_step, checkpoint_store._sync = training_step, slow
sys.exit(train.main(sys.argv[1:]))
"""


def train(
    folders: Path, exp: Path, strategy: str, program: str = KILLED, **env: str
) -> subprocess.CompletedProcess[str]:
    """Train in two processes that Lightning starts, as `bin.train` does."""
    exp.parent.mkdir(parents=True, exist_ok=True)
    config, script = exp.parent / f"{strategy}.yaml", exp.parent / "train.py"
    config.write_text(yaml.safe_dump({**CONFIG, "strategy": strategy}))
    script.write_text(program)
    return subprocess.run(
        [sys.executable, script, *train_arguments(folders, config), "--num_processes", "2", exp],
        env={
            **os.environ,
            "PYTHONPATH": f"{TEST_ROOT.parent}:{TEST_ROOT}",
            "OMP_NUM_THREADS": "1",
            **env,
        },
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sharded_run_with_a_killed_process_equals_a_replicated_one(tmp_path: Path) -> None:
    folders = write_pretraining_folders(tmp_path)
    whole = train(folders, tmp_path / "ddp", "ddp")
    assert whole.returncode == 0, whole.stderr
    exp = tmp_path / "fsdp2"
    ended = train(folders, exp, "fsdp2", KILL="1")
    log = (exp / "train.log").read_text()
    assert ended.returncode not in (0, -signal.SIGKILL), ended.stderr
    assert "another process of this run has ended" in log
    assert "run the same command again" in log
    assert not (exp / ".done").exists()
    again = train(folders, exp, "fsdp2")
    assert again.returncode == 0, again.stderr
    assert "going on at step 2 of 4" in (exp / "train.log").read_text()
    expected = torch.load(tmp_path / "ddp/4step.pth", weights_only=True)
    weights = torch.load(exp / "4step.pth", weights_only=True)
    assert weights.keys() == expected.keys()
    for key, value in expected.items():
        # Softmax does not see the bias of the keys: its gradient is rounding, which Adam scales up.
        atol = 1e-3 if key.endswith("k_proj.bias") else 1e-5
        torch.testing.assert_close(weights[key], value, rtol=1e-4, atol=atol, msg=key)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_stopped_run_waits_for_its_checkpoint(tmp_path: Path) -> None:
    folders = write_pretraining_folders(tmp_path)
    ended = train(folders, tmp_path / "exp", "ddp", STOPPED)
    assert ended.returncode == EXIT_STOPPED, ended.stderr
    found = find_checkpoint(tmp_path / "exp")
    assert found is not None and found[1]["micro_step"] == 6, "the votes of step 2 stop step 3"
