"""Who starts the processes of a run, and how they share the work."""

from __future__ import annotations

import pytest
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy

from espnet_av.errors import ConfigError
from espnet_av.train.devices import Devices
from espnet_av.train.strategies import build_strategy, cluster_environment


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


def test_torchrun_comes_first(bare):
    for name in ("TORCHELASTIC_RUN_ID", "SLURM_STEP_NUM_TASKS"):
        bare.setenv(name, "4")
    # Its environment is complete: the class asks for all of it.
    for name, value in {"RANK": 0, "WORLD_SIZE": 4, "LOCAL_RANK": 0, "GROUP_RANK": 0}.items():
        bare.setenv(name, str(value))
    bare.setenv("MASTER_ADDR", "localhost")
    bare.setenv("MASTER_PORT", "1")
    bare.setenv("LOCAL_WORLD_SIZE", "2")
    environment = cluster_environment(Devices(ngpu=2, num_nodes=2))
    assert type(environment).__name__ == "TorchElasticEnvironment"


@pytest.mark.parametrize(("name", "world_size"), [("ddp", 1), ("ddp", 4), ("auto", 2)])
def test_several_processes_replicate_and_look_for_unused_parameters(name, world_size):
    strategy = build_strategy(name, world_size)
    assert type(strategy) is DDPStrategy
    assert strategy._ddp_kwargs["find_unused_parameters"] is True


def test_one_process_needs_no_strategy():
    assert build_strategy("auto", 1) == "auto"


@pytest.mark.parametrize("world_size", [1, 8])
def test_shards_are_saved_as_one_file(world_size):
    strategy = build_strategy("fsdp2", world_size)
    assert type(strategy) is ModelParallelStrategy
    assert strategy._save_distributed_checkpoint is False
    assert (strategy._data_parallel_size, strategy._tensor_parallel_size) == (world_size, 1)
