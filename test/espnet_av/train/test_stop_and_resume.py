"""Training that is killed, stopped or damaged goes on to the weights of an undisturbed run."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from espnet_av.bin import train as train_bin
from espnet_av.errors import CheckpointError
from espnet_av.train import checkpoint_store, runner, step_callback
from espnet_av.train.checkpoint_store import DirectIO, find_checkpoint
from espnet_av.train.data_module import AVDataModule
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.loading import load_experiment
from espnet_av.train.signals import EXIT_STOPPED

KILLED_AT = """
import os, signal, sys
from espnet_av.bin import train
from espnet_av.train.lightning_module import AVLightningModule
step = AVLightningModule.training_step
def training_step(self, batch, batch_idx):
    if batch.key.micro_step == {micro_step}:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, batch, batch_idx)
AVLightningModule.training_step = training_step
sys.exit(train.main(sys.argv[1:]))
"""


def run(tiny_run, exp: Path, config: str = "train.yaml", *more: str) -> int:
    return train_bin.main(
        ["--config", str(tiny_run.root / config), *tiny_run.arguments, *more, str(exp)]
    )


def killed(tiny_run, exp: Path, micro_step: int) -> subprocess.CompletedProcess:
    """Train in another process that kills itself before a micro-batch."""
    options = ["--config", str(tiny_run.root / "train.yaml"), *tiny_run.arguments, str(exp)]
    return subprocess.run(
        [sys.executable, "-c", KILLED_AT.format(micro_step=micro_step), *options],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        capture_output=True,
        text=True,
    )


def weights(exp: Path, name: str = "10step.pth") -> dict[str, torch.Tensor]:
    return torch.load(exp / name, weights_only=True)


def assert_same_run(exp: Path, undisturbed: Path) -> None:
    for name in ("10step.pth", "valid.loss.best.pth", "valid.loss.ave_2best.pth"):
        ours, expected = weights(exp, name), weights(undisturbed, name)
        assert ours.keys() == expected.keys()
        for key in expected:
            assert torch.equal(ours[key], expected[key]), (name, key)
    assert (exp / ".done").exists()
    files = {path.name for path in exp.glob("*step.pth")}
    assert files == {path.name for path in undisturbed.glob("*step.pth")}


@pytest.fixture(scope="module")
def undisturbed(tiny_run, tmp_path_factory) -> Path:
    exp = tmp_path_factory.mktemp("undisturbed") / "exp"
    assert run(tiny_run, exp) == 0
    start = torch.load(exp / "previous.ckpt", weights_only=True)
    assert start["progress"]["micro_step"] == 18
    return exp


def crash():
    raise RuntimeError("crash")


def test_kill_9_and_run_again(tiny_run, undisturbed, tmp_path):
    exp = tmp_path / "exp"
    # Micro-batch 15 is the second of step 8; the last checkpoint is that of step 6.
    result = killed(tiny_run, exp, 15)
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert not (exp / "10step.pth").exists()
    found = find_checkpoint(exp)
    assert found is not None
    assert found[1]["micro_step"] == 12
    assert run(tiny_run, exp) == 0
    assert_same_run(exp, undisturbed)


def patched_step(patch, micro_step, action):
    """Run `action` before the training step of a micro-batch."""
    original = AVLightningModule.training_step

    def training_step(self, batch, batch_idx):
        if batch.key.micro_step == micro_step:
            action()
        return original(self, batch, batch_idx)

    patch.setattr(AVLightningModule, "training_step", training_step)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_saves_the_step_and_worker_count_changes_nothing(
    tiny_run, undisturbed, tmp_path, monkeypatch, number
):
    exp = tmp_path / "exp"
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip(f"{number.name} is ignored here, as under nohup")
    with monkeypatch.context() as patch:
        patched_step(patch, 9, lambda: os.kill(os.getpid(), number))
        assert run(tiny_run, exp) == EXIT_STOPPED
    assert "run the same command to go on" in (exp / "train.log").read_text()
    found = find_checkpoint(exp)
    assert found is not None
    assert found[1]["micro_step"] == 10, "the step of micro-batches 8 and 9"
    assert run(tiny_run, exp, "train.yaml", "--override", "num_workers=2") == 0
    assert_same_run(exp, undisturbed)


def test_stop_during_validation_is_validated_on_resume(
    tiny_run, undisturbed, tmp_path, monkeypatch
):
    exp, original = tmp_path / "exp", AVLightningModule.validation_step

    def validation_step(self, batch, index):
        if self.progress.micro_step == 8 and index == 0:
            os.kill(os.getpid(), signal.SIGUSR1)
        return original(self, batch, index)

    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(AVLightningModule, "validation_step", validation_step)
        assert run(tiny_run, exp) == EXIT_STOPPED
    assert not (exp / "4step.pth").exists()
    assert find_checkpoint(exp)[1]["pending_validation"] is True
    assert run(tiny_run, exp) == 0
    assert_same_run(exp, undisturbed)


def test_stop_during_the_last_validation(tiny_run, undisturbed, tmp_path, monkeypatch):
    exp, original = tmp_path / "exp", AVLightningModule.validation_step

    def validation_step(self, batch, index):
        if self.progress.micro_step == 20 and index == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, batch, index)

    with monkeypatch.context() as patch:
        patch.setattr(AVLightningModule, "validation_step", validation_step)
        assert run(tiny_run, exp) == EXIT_STOPPED
    assert not (exp / ".done").exists()
    found = find_checkpoint(exp)
    assert found is not None
    assert found[1]["micro_step"] == 20 and found[1]["pending_validation"] is True
    assert run(tiny_run, exp) == 0
    assert "going on at step 10 of 10" in (exp / "train.log").read_text()
    assert_same_run(exp, undisturbed)


def test_killed_before_it_was_marked_done(tiny_run, undisturbed, tmp_path, monkeypatch):
    exp = tmp_path / "exp"
    with monkeypatch.context() as patch:
        patch.setattr(runner, "mark_done", lambda _: crash())
        with pytest.raises(RuntimeError, match="crash"):
            run(tiny_run, exp)
    (exp / ".last.ckpt.1.tmp").write_bytes(b"half")
    assert run(tiny_run, exp) == 0
    assert not list(exp.glob(".*.tmp")), "what a killed run left is removed"
    assert_same_run(exp, undisturbed)


def test_stop_while_the_data_workers_start(tiny_run, undisturbed, tmp_path, monkeypatch):
    exp, original = tmp_path / "exp", AVDataModule.train_dataloader

    def train_dataloader(self):
        os.kill(os.getpid(), signal.SIGTERM)
        return original(self)

    with monkeypatch.context() as patch:
        patch.setattr(AVDataModule, "train_dataloader", train_dataloader)
        assert run(tiny_run, exp) == EXIT_STOPPED
    assert find_checkpoint(exp)[1]["micro_step"] == 2, "the first step"
    assert run(tiny_run, exp) == 0
    assert_same_run(exp, undisturbed)


def test_unreadable_newest_checkpoint_falls_back(
    tiny_run, undisturbed, tmp_path, monkeypatch, caplog
):
    exp = tmp_path / "exp"
    with monkeypatch.context() as patch:
        patched_step(patch, 19, crash)
        with pytest.raises(RuntimeError, match="crash"):
            run(tiny_run, exp)
    last = exp / "last.ckpt"
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        found = find_checkpoint(exp)
    assert found is not None and found[0].name == "previous.ckpt"
    assert "last.ckpt cannot be read" in caplog.text
    assert run(tiny_run, exp) == 0
    assert_same_run(exp, undisturbed)


def test_a_changed_byte_in_the_newest_checkpoint(tiny_run, undisturbed, tmp_path, monkeypatch):
    exp = tmp_path / "exp"
    with monkeypatch.context() as patch:
        patched_step(patch, 15, crash)
        with pytest.raises(RuntimeError, match="crash"):
            run(tiny_run, exp)
    last = exp / "last.ckpt"
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes(data)
    assert run(tiny_run, exp) == 0
    assert "Bad CRC-32" in (exp / "train.log").read_text()
    assert (exp / "last.ckpt.damaged").read_bytes() == data
    assert_same_run(exp, undisturbed)


def test_a_changed_byte_in_weights_is_cured_as_the_error_says(tiny_run, undisturbed, tmp_path):
    exp = tmp_path / "exp"
    shutil.copytree(undisturbed, exp, symlinks=True)
    average = exp / "valid.loss.ave_2best.pth"
    best = exp / (exp / "valid.loss.best.pth").readlink()
    for path in (average, best):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"remove it and {exp}/\.done and .* makes the aver"):
        load_experiment(exp)
    average.unlink()
    (exp / ".done").unlink()
    assert run(tiny_run, exp) == 1, "one of those to be averaged is damaged too"
    assert f"{best}: cannot be read (Bad CRC-32" in (exp / "train.log").read_text()
    assert not (exp / ".done").exists()
    best.unlink()
    assert run(tiny_run, exp) == 0
    assert (exp / ".done").exists()
    assert (exp / "valid.loss.best.pth").resolve() != best
    load_experiment(exp)


def test_no_readable_checkpoint_is_an_error(tmp_path):
    (tmp_path / "last.ckpt").write_bytes(b"")
    (tmp_path / "previous.ckpt").write_bytes(b"PK nothing")
    with pytest.raises(CheckpointError, match=r"no checkpoint is usable .*last\.ckpt.*previous"):
        find_checkpoint(tmp_path)


def test_full_disk_keeps_the_last_checkpoint(tiny_run, undisturbed, tmp_path, monkeypatch, capsys):
    exp, original = tmp_path / "exp", step_callback.save_checkpoint

    def save_checkpoint(trainer, exp_dir):
        def no_space(path):
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")

        if trainer.lightning_module.progress.micro_step == 12:
            trainer.save_checkpoint = no_space
        original(trainer, exp_dir)

    with monkeypatch.context() as patch:
        patch.setattr(step_callback, "save_checkpoint", save_checkpoint)
        assert run(tiny_run, exp) == 1
    assert "No space left on device" in (exp / "train.log").read_text()
    assert not list(exp.glob(f".{checkpoint_store.LAST}*"))
    assert find_checkpoint(exp)[1]["micro_step"] == 6
    assert run(tiny_run, exp) == 0
    assert_same_run(exp, undisturbed)


def test_checkpoint_that_does_not_fit_is_an_error_of_the_system():
    with pytest.raises(OSError, match=r"\w"):
        DirectIO().save_checkpoint({"weights": torch.zeros(100_000)}, "/dev/full")


def test_killed_data_worker_is_a_named_error(tiny_run, undisturbed, tmp_path, monkeypatch):
    exp = tmp_path / "exp"

    def kill_workers():
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
        workers = [int(pid) for pid, command in commands.items() if b"python" in command]
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)

    with monkeypatch.context() as patch:
        patched_step(patch, 8, kill_workers)
        assert run(tiny_run, exp, "train.yaml", "--override", "num_workers=1") == 1
    assert "a data-loading process died" in (exp / "train.log").read_text()
    assert run(tiny_run, exp) == 0
    assert_same_run(exp, undisturbed)
