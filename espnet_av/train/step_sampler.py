"""Which utterances make the next micro-batch, from the first step of a run to the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class EpochSampler(Protocol):
    """Batches of utterance indices, the same for the same epoch."""

    def batches(self, epoch: int) -> list[list[int]]:
        """All batches of `epoch` on this rank."""
        ...


class ItemKey(NamedTuple):
    """What a worker needs to know to make one sample; its draws depend on nothing else."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls
    """Utterance index in the dataset."""
    epoch: int
    """Pass over the data."""
    batch: int
    """Batch number in this epoch."""
    micro_step: int
    """Micro-batch number in the run."""
    step: int
    """Optimiser step that the micro-batch belongs to."""


@dataclass
class Progress:
    """How far a run has come; saved in every checkpoint."""

    micro_step: int = 0
    """Micro-batches consumed."""
    epoch: int = 0
    """Epoch of the next micro-batch."""
    next_batch: int = 0
    """Its number in that epoch."""
    skipped_steps: int = 0
    """Updates left out because of a loss or gradient that was not finite."""
    skipped_in_row: int = 0
    """Of these, the ones since the last good update."""
    train_sec: float = 0.0
    """Wall-clock time of the steps and validations so far, over all restarts."""
    pending_validation: bool = False
    """The run was stopped during a validation, which is still to be done."""


class StepSampler:
    """Endless micro-batches of `ItemKey`, starting where `progress` says.

    The position is read when iteration starts. It advances as batches are *consumed* by the
    training loop, not as workers prefetch them, so that nothing prefetched is lost on resume.
    """

    def __init__(self, sampler: EpochSampler, progress: Progress, accum_grad: int) -> None:
        self._sampler = sampler
        self._progress = progress
        self._accum_grad = accum_grad

    def __iter__(self) -> Iterator[list[ItemKey]]:
        epoch, batch = self._progress.epoch, self._progress.next_batch
        micro_step = self._progress.micro_step
        while True:
            batches = self._sampler.batches(epoch)
            assert batches, "an epoch without batches would never end"
            for indices in batches[batch:]:
                step = micro_step // self._accum_grad
                yield [ItemKey(index, epoch, batch, micro_step, step) for index in indices]
                batch += 1
                micro_step += 1
            epoch, batch = epoch + 1, 0


class EvalSampler:
    """All batches once, dealt out to ranks; short ranks repeat a batch that does not count.

    Every rank gets equally many, as sharded models communicate in the forward pass. A repeated
    batch has `epoch` -1.
    """

    def __init__(self, batches: list[list[int]], rank: int, world_size: int) -> None:
        self._batches = batches
        self._rank = rank
        self._world_size = world_size

    def __len__(self) -> int:
        return -(-len(self._batches) // self._world_size)

    def __iter__(self) -> Iterator[list[ItemKey]]:
        for number in range(self._rank, len(self) * self._world_size, self._world_size):
            counted = number < len(self._batches)
            batch = self._batches[number if counted else 0]
            yield [ItemKey(index, 0 if counted else -1, number, number, 0) for index in batch]
