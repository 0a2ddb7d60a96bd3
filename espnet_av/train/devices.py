"""Where a run trains: its machines, processes and cores, and how they share the work."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lightning.pytorch.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy, Strategy

from espnet_av.cores import num_cores
from espnet_av.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Devices:
    """Where to train."""

    ngpu: int = 0
    """GPUs on each machine; 0 trains on the CPU."""
    num_nodes: int = 1
    """Machines."""
    num_processes: int = 1
    """CPU processes on each machine, used when `ngpu` is 0."""

    @property
    def per_node(self) -> int:
        """Training processes on each machine."""
        return self.ngpu or self.num_processes

    @property
    def world_size(self) -> int:
        """Training processes in all."""
        return self.per_node * self.num_nodes

    @property
    def num_cores(self) -> int:
        """Cores that one process may count on, at least 1."""
        cores = num_cores()
        # A task of srun sees the cores of its own; others see all, and share them.
        return cores if self.is_srun_task else max(1, cores // self.per_node)

    @property
    def is_srun_task(self) -> bool:
        """Whether srun has started one task for each process."""
        # Only srun sets this; a batch script itself has the number of tasks that it may start.
        return os.environ.get("SLURM_STEP_NUM_TASKS") == str(self.world_size)


def is_main_process() -> bool:
    """Whether this is the one process of a run that writes; known before the trainer is built."""
    names = ("RANK", "SLURM_PROCID", "NODE_RANK", "LOCAL_RANK")
    return all(int(os.environ.get(name, 0)) == 0 for name in names)


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
