"""Who starts the processes of a run, which one writes, and what each may use."""

from __future__ import annotations

import os

import pytest

from espnet_av.errors import ConfigError
from espnet_av.train.devices import Devices, is_main_process
from espnet_av.train.strategies import cluster_environment

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
    assert type(cluster_environment(one)).__name__ == "LightningEnvironment"
    with pytest.raises(
        ConfigError, match=r"--num_nodes 2 needs 2 processes .* --num_tasks 2\) or torchrun.*none"
    ):
        cluster_environment(four)
    for name, value in {
        "NTASKS": "4",
        "NTASKS_PER_NODE": "2",
        "JOB_ID": "1",
        "PROCID": "1",
        "JOB_NAME": "x",
        "STEP_NUM_TASKS": "4",
    }.items():
        bare.setenv(f"SLURM_{name}", value)
    environment = cluster_environment(four)
    assert type(environment).__name__ == "SLURMEnvironment"
    assert environment.auto_requeue is False, "it would save in the middle of a step"
    bare.setenv("SLURM_STEP_NUM_TASKS", "2")
    bare.setenv("MASTER_ADDR", "node1")
    with pytest.raises(ConfigError, match="srun started 2 in all"):
        cluster_environment(four)
    # A command of the batch script itself, without srun, starts its own processes.
    bare.delenv("SLURM_STEP_NUM_TASKS")
    assert type(cluster_environment(Devices(ngpu=4))).__name__ == "LightningEnvironment"


def test_processes_of_a_machine_share_its_cores(bare):
    bare.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    assert Devices().num_cores == 16
    assert Devices(num_processes=4).num_cores == 4
    assert Devices(ngpu=8, num_nodes=4).num_cores == 2
    assert Devices(num_processes=32).num_cores == 1
    # srun gives every task cores of its own.
    bare.setenv("SLURM_STEP_NUM_TASKS", "4")
    assert Devices(num_processes=4).num_cores == 16
    # One task, whose processes Lightning starts.
    bare.setenv("SLURM_STEP_NUM_TASKS", "1")
    assert Devices(num_processes=4).num_cores == 4
