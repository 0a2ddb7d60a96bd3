"""A micro-batch together with its place in the run, and the dataset wrapper that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from espnet_av.data.batch import Batch, Sample, collate
from espnet_av.rates import SAMPLES_PER_FRAME
from espnet_av.train.step_sampler import ItemKey


class UtteranceDataset(Protocol):
    """A dataset whose samples follow from (seed, epoch, utterance) and the step of the run."""

    utt_ids: Sequence[str]
    """Names of the utterances."""

    @property
    def num_frames(self) -> list[int]:
        """Frames at 25 Hz of every utterance, at most."""
        ...

    @property
    def recorded_frames(self) -> list[int]:
        """Frames at 25 Hz of every utterance before augmentation."""
        ...

    def groups(self, by: str) -> list[str]:
        """Group of every utterance (`lang`, `category`), for balanced sampling."""
        ...

    def sample(self, index: int, epoch: int, step: int) -> Sample:
        """Utterance `index` as epoch `epoch` and optimiser step `step` see it.

        Numbers from the number of utterances on mean the same ones again, augmented otherwise.
        """
        ...


class KeyedDataset(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Hands epoch and step to the dataset with each item.

    Persistent workers hold copies of the dataset and prefetch across the end of an epoch, so a
    state set by the main process would come too early for some of them; what travels with the
    item does not, and is the same for every number of workers.
    """

    def __init__(self, dataset: UtteranceDataset) -> None:
        self._dataset = dataset

    def __getitem__(self, key: ItemKey) -> tuple[Sample, ItemKey]:
        return self._dataset.sample(key.index, max(key.epoch, 0), key.step), key


@dataclass(frozen=True, kw_only=True)
class StepBatch:
    """What the training step gets."""

    batch: Batch
    key: ItemKey
    """Of the first utterance; epoch, batch and steps are shared by all."""
    num_frames: int
    """Frames at 25 Hz that carry data."""
    num_padded_frames: int
    """Utterances x longest."""

    @property
    def counted(self) -> bool:
        """False for a validation batch that another rank has already."""
        return self.key.epoch >= 0

    def to(self, device: torch.device | str) -> StepBatch:
        """The same with tensors on `device`."""
        return replace(self, batch=self.batch.to(device))

    def pin_memory(self) -> StepBatch:
        """The same in page-locked memory."""
        return replace(self, batch=self.batch.pin_memory())

    def share_memory(self) -> None:
        """Move the tensors to shared memory, in place (called in a loading process)."""
        self.batch.share_memory()


def collate_step(items: Sequence[tuple[Sample, ItemKey]]) -> StepBatch:
    """Pad samples and count their frames (in the worker, so the main process never has to)."""
    lengths = [_num_frames(sample.video, sample.speech) for sample, _ in items]
    return StepBatch(
        batch=collate([sample for sample, _ in items]),
        key=items[0][1],
        num_frames=sum(lengths),
        num_padded_frames=len(lengths) * max(lengths),
    )


def _num_frames(video: Any, speech: Any) -> int:
    by_speech = 0 if speech is None else len(speech) // SAMPLES_PER_FRAME
    return max(by_speech, 0 if video is None else len(video))
