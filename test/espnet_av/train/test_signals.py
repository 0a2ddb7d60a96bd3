from __future__ import annotations

import os
import signal

import pytest

from espnet_av.errors import ConfigError
from espnet_av.train import runner
from espnet_av.train.runner import Devices, is_main_process
from espnet_av.train.signals import STOP_SIGNALS, StopRequest


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
        ConfigError, match=r"--num_nodes 2 needs 2 processes .* --num_tasks 2\) or torchrun.*none"
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
    bare.setenv("SLURM_STEP_NUM_TASKS", "2")
    bare.setenv("MASTER_ADDR", "node1")
    with pytest.raises(ConfigError, match="srun started 2 in all"):
        runner._cluster_environment(four)
    # A command of the batch script itself, without srun, starts its own processes.
    bare.delenv("SLURM_STEP_NUM_TASKS")
    assert type(runner._cluster_environment(Devices(ngpu=4))).__name__ == "LightningEnvironment"
