"""Batches of utterances that are evaluated, loaded by other processes if asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from espnet_av.data.batch import Batch, collate
from espnet_av.data.dataset import AVDataset
from espnet_av.data.workers import Workers, explained, largest_batch_bytes, worker_loader


def evaluation_batches(
    dataset: AVDataset, plan: Sequence[Sequence[int]], num_workers: int
) -> Iterator[Batch]:
    """Each batch of a plan (`plan_batches`), in its order.

    Raises:
        DataLoadingError: a loading process ended.
    """
    num_frames = dataset.num_frames
    largest = max((len(batch) * max(num_frames[i] for i in batch) for batch in plan), default=0)
    batch_bytes = largest_batch_bytes(largest, (), dataset.config.video_crop**2)
    workers = Workers(num=num_workers).fitting(batch_bytes)
    yield from explained(worker_loader(dataset, plan, collate, workers))
