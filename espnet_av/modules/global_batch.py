"""The rows of all processes together, so that each has the others' for negatives."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed


def num_processes() -> int:
    """How many processes train together; 1 where there is no process group."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 1
    return distributed.get_world_size()


class Share(NamedTuple):
    """Rows of this process among those of all."""

    sizes: tuple[int, ...]
    """Rows of each process."""
    start: int
    """The first one of this process."""


def share_of(num_rows: int, device: torch.device) -> Share:
    """Ask all processes how many rows they have; all must call it.

    Args:
        num_rows: of this process.
        device: of the process group.
    """
    own = torch.tensor([num_rows], device=device)
    found = [torch.empty_like(own) for _ in range(num_processes())]
    distributed.all_gather(found, own)
    sizes = tuple(torch.cat(found).tolist())
    return Share(sizes, sum(sizes[: distributed.get_rank()]))


def gather_rows(rows: Tensor, share: Share) -> Tensor:
    """(N, ...) of each process -> (M, ...) of all, in the order of the processes.

    Gradients come back: those that the losses of all processes have for the rows of one are added
    up there. All processes must call it, in the same order, and their backward passes too.
    """
    gathered: Tensor = _GatherRows.apply(rows, share)
    return gathered


def add_up(numbers: Tensor) -> Tensor:
    """The sum over all processes, without gradient."""
    total = numbers.detach().clone()
    distributed.all_reduce(total)
    return total


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, share: Share) -> Tensor:
        """(N, ...) -> (M, ...)."""
        ctx.share, ctx.num_rows = share, len(rows)
        # Processes exchange tensors of one size.
        padded = rows.new_zeros(max(share.sizes), *rows.shape[1:])
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in share.sizes]
        distributed.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, share.sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """The gradient that all processes have for the rows of this one."""
        total = grads[0].contiguous().clone()
        distributed.all_reduce(total)
        start = ctx.share.start
        return total[start : start + ctx.num_rows], None
