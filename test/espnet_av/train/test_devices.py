"""Which process of a run writes, and what each may use."""

from __future__ import annotations

import os

from espnet_av.train.devices import Devices, is_main_process


def test_main_process(bare):
    assert is_main_process()
    bare.setenv("NODE_RANK", "0")
    bare.setenv("LOCAL_RANK", "1")
    assert not is_main_process()
    bare.setenv("LOCAL_RANK", "0")
    bare.setenv("NODE_RANK", "2")
    assert not is_main_process()


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
