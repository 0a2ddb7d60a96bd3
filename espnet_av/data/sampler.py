"""Batches of utterances of similar length under a strict budget of padded frames."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from espnet_av.errors import ConfigError

logger = logging.getLogger(__name__)

# Utterances are shuffled among all whose length is at least this share of the longest of them.
_BUCKET_RATIO = 0.85


class BucketBatchSampler:
    """Yields lists of utterance numbers: one list a batch, for one rank.

    Utterances are sorted by length and cut, longest first, into buckets; within a bucket every
    batch has the same number of utterances, chosen for its longest one, so no batch can exceed the
    budget. An epoch shuffles utterances within buckets and then the order of the batches. The
    number of batches never changes, every rank gets as many, and the ranks' batches of one step
    come from neighbouring lengths. Everything follows from (seed, epoch): no state is kept but the
    epoch and the batch to start from.

    Args:
        num_frames: length of every utterance (of the longest form augmentation can give it).
        batch_frames: a batch holds at most this many frames, padding included.
        max_utts: and at most this many utterances.
        seed: seed of the shuffling.
        shuffle: without it every epoch is the same, longest batches first.
        rank, world_size: this process and how many there are.
        utt_ids: names for error messages.

    Raises:
        ConfigError: an utterance is longer than the budget (it is named), or there is none.
    """

    def __init__(
        self,
        num_frames: Sequence[int],
        batch_frames: int,
        max_utts: int,
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        world_size: int = 1,
        utt_ids: Sequence[str] | None = None,
    ) -> None:
        lengths = np.asarray(num_frames, dtype=np.int64)
        _check(lengths, batch_frames, max_utts, utt_ids)
        # Stable, longest first: equal lengths keep the order of the data dir.
        self._order = np.argsort(-lengths, kind="stable")
        self._buckets = _cut(lengths[self._order], batch_frames, max_utts)
        self._sizes = _split_for_ranks(
            [size for bucket in self._buckets for size in bucket], world_size
        )
        self._seed, self._shuffle = seed, shuffle
        self._rank, self._world_size = rank, world_size
        self._epoch, self._start_batch = 0, 0

    def __len__(self) -> int:
        """Batches of a whole epoch on this rank, whatever batch it starts from."""
        return -(-len(self._sizes) // self._world_size)

    def __iter__(self) -> Iterator[list[int]]:
        yield from self.batches(self._epoch)[self._start_batch :]

    def set_epoch(self, epoch: int, start_batch: int = 0) -> None:
        """Choose the epoch to iterate over and how many of its batches to leave out (resume)."""
        self._epoch, self._start_batch = epoch, start_batch

    def batches(self, epoch: int) -> list[list[int]]:
        """All batches of one epoch on this rank."""
        generator = np.random.default_rng([self._seed, epoch])
        order = self._shuffled(generator) if self._shuffle else self._order
        cuts = np.cumsum(self._sizes)[:-1]
        batches = [part.tolist() for part in np.split(order, cuts)]
        # Only when there are fewer utterances than ranks to share them does a batch come twice.
        batches += [batches[i % len(batches)] for i in range(-len(batches) % self._world_size)]
        steps = np.arange(len(self))
        if self._shuffle:
            generator.shuffle(steps)
        return [batches[step * self._world_size + self._rank] for step in steps]

    def _shuffled(self, generator: np.random.Generator) -> np.ndarray:
        ends = np.cumsum([sum(bucket) for bucket in self._buckets])[:-1]
        parts = np.split(self._order, ends)
        return np.concatenate([generator.permutation(part) for part in parts])


def _check(
    lengths: np.ndarray, batch_frames: int, max_utts: int, utt_ids: Sequence[str] | None
) -> None:
    if len(lengths) == 0:
        msg = "no utterance to make batches of; look at the dropped.tsv of the dump and of exp"
        raise ConfigError(msg)
    if max_utts < 1:
        msg = f"max_utts is {max_utts}; a batch holds at least 1 utterance"
        raise ConfigError(msg)
    longest = int(lengths.argmax())
    if lengths[longest] > batch_frames:
        name = utt_ids[longest] if utt_ids else f"number {longest}"
        msg = (
            f"utterance {name} has {lengths[longest]} frames, more than batch_frames "
            f"{batch_frames}; raise batch_frames, or lower max_duration of the dump"
        )
        raise ConfigError(msg)


def _cut(lengths: np.ndarray, batch_frames: int, max_utts: int) -> list[list[int]]:
    """Batch sizes by bucket for lengths sorted longest first; only the very last may be short."""
    buckets: list[list[int]] = []
    start = 0
    while start < len(lengths):
        longest = max(1, int(lengths[start]))
        size = min(max_utts, batch_frames // longest)
        bucket: list[int] = []
        while start < len(lengths) and (not bucket or lengths[start] >= _BUCKET_RATIO * longest):
            bucket.append(min(size, len(lengths) - start))
            start += size
        buckets.append(bucket)
    return buckets


def _split_for_ranks(sizes: list[int], world_size: int) -> list[int]:
    """Halve the largest batches until every rank gets equally many; the order is kept."""
    sizes = list(sizes)
    while len(sizes) % world_size:
        largest = max(range(len(sizes)), key=sizes.__getitem__)
        if sizes[largest] == 1:
            logger.warning(
                "%d utterances for %d processes: some are used twice an epoch",
                len(sizes),
                world_size,
            )
            break
        half = sizes[largest] // 2
        sizes[largest : largest + 1] = [sizes[largest] - half, half]
    return sizes
