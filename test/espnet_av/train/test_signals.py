from __future__ import annotations

import logging
import os
import signal

import pytest

from espnet_av.errors import ConfigError
from espnet_av.train import runner
from espnet_av.train.runner import Devices, is_main_process
from espnet_av.train.signals import STOP_SIGNALS, StopRequest, requeue_slurm_job


def test_signals_are_remembered_and_handlers_restored():
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with StopRequest() as stop:
        assert not stop
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop and stop.signal == signal.SIGUSR1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait([], 1)
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_first_ctrl_c_only_asks():
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    """A stand-in that writes down its arguments."""
    command = tmp_path / "scontrol"
    command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    return tmp_path / "arguments"


def test_slurm_job_is_queued_again(scontrol, monkeypatch):
    requeue_slurm_job()
    assert scontrol.read_text() == "requeue 17\n"
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "12")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    requeue_slurm_job()
    assert scontrol.read_text() == "requeue 12_3\n"


def test_without_scontrol_the_user_is_told(monkeypatch, caplog):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    with caplog.at_level(logging.WARNING):
        requeue_slurm_job()
    assert "could not queue Slurm job 17 again" in caplog.text


RANK_NAMES = ("RANK", "SLURM_PROCID", "NODE_RANK", "LOCAL_RANK", "MASTER_ADDR", "SLURM_NTASKS")


@pytest.fixture
def bare(monkeypatch):
    for name in list(os.environ):
        if name.startswith("SLURM") or name in RANK_NAMES:
            monkeypatch.delenv(name)
    return monkeypatch


def test_main_process(bare):
    assert is_main_process()
    bare.setenv("NODE_RANK", "0")
    bare.setenv("LOCAL_RANK", "1")
    assert not is_main_process()
    bare.setenv("LOCAL_RANK", "0")
    bare.setenv("NODE_RANK", "2")
    assert not is_main_process()


def test_who_starts_the_processes(bare):
    one, four = Devices(), Devices(ngpu=2, num_nodes=2)
    assert type(runner._cluster_environment(one)).__name__ == "LightningEnvironment"
    with pytest.raises(
        ConfigError, match=r"--num_nodes 2 needs .* srun \(--ntasks-per-node 2\) or torchrun"
    ):
        runner._cluster_environment(four)
    for name, value in {
        "NTASKS": "4",
        "NTASKS_PER_NODE": "2",
        "JOB_ID": "1",
        "PROCID": "1",
        "JOB_NAME": "x",
        "STEP_NUM_TASKS": "4",
    }.items():
        bare.setenv(f"SLURM_{name}", value)
    environment = runner._cluster_environment(four)
    assert type(environment).__name__ == "SLURMEnvironment"
    assert environment.auto_requeue is False, "it would save in the middle of a step"
    # A command of the batch script itself, without srun, starts its own processes.
    bare.delenv("SLURM_STEP_NUM_TASKS")
    assert type(runner._cluster_environment(Devices(ngpu=4))).__name__ == "LightningEnvironment"
