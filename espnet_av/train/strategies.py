"""How the processes of a run share the work, and who starts them, in Lightning's terms."""

from __future__ import annotations

import os

from lightning.pytorch.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy, Strategy

from espnet_av.errors import ConfigError
from espnet_av.train.devices import Devices


def build_strategy(name: str, world_size: int) -> Strategy | str:
    """Lightning's strategy for `strategy` of the configuration."""
    if name == "fsdp2":
        # One file for all shards: it can be checked, renamed and kept as a fallback as a whole.
        return ModelParallelStrategy(
            data_parallel_size=world_size,
            tensor_parallel_size=1,
            save_distributed_checkpoint=False,
        )
    if name == "ddp" or world_size > 1:
        # Modality dropout and layer dropout leave parameters without a gradient.
        return DDPStrategy(find_unused_parameters=True)
    return "auto"


def cluster_environment(devices: Devices) -> ClusterEnvironment:
    """Who starts the processes: torchrun, srun with one task for each, or Lightning.

    Raises:
        ConfigError: there are several machines, and nobody has started a process for each device.
    """
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment()
    if devices.is_srun_task:
        # Lightning's own requeueing saves in the signal handler, in the middle of a step. Ours
        # saves after the step; slurm.pl's batch script then queues the job again (exit code 75).
        return SLURMEnvironment(auto_requeue=False)
    num_tasks = os.environ.get("SLURM_STEP_NUM_TASKS")
    if devices.num_nodes > 1 and (num_tasks or "MASTER_ADDR" not in os.environ):
        msg = (
            f"--num_nodes {devices.num_nodes} needs {devices.per_node} processes on each, started "
            f"by srun (slurm.pl --num_tasks {devices.per_node}) or torchrun; srun started "
            f"{num_tasks or 'none'} in all"
        )
        raise ConfigError(msg)
    return LightningEnvironment()
