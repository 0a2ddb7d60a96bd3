"""Where a run trains: its machines, processes and cores."""

from __future__ import annotations

import os
from dataclasses import dataclass

from espnet_av.cores import num_cores


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
