"""What every epoch of a bucket sampler must satisfy, checked the slow way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def check_epoch(
    ranks: Sequence[Sequence[Sequence[int]]],
    lengths: Sequence[int],
    batch_frames: int,
    max_utts: int,
) -> None:
    """Assert the rules for the batches of all ranks in one epoch: `ranks[rank][step]`."""
    assert len({len(batches) for batches in ranks}) == 1, "ranks differ in the number of batches"
    used: Counter[int] = Counter()
    for batches in ranks:
        for batch in batches:
            assert batch, "empty batch"
            longest = 0
            for index in batch:
                longest = max(longest, lengths[index])
                used[index] += 1
            assert len(batch) * longest <= batch_frames, "over the budget"
            assert len(batch) <= max_utts, "too many utterances"
    assert set(used) == set(range(len(lengths))), "an utterance is missing"
    if len(lengths) >= sum(len(batches) for batches in ranks):
        assert set(used.values()) == {1}, "an utterance came twice"


def fewest_batches(lengths: Sequence[int], batch_frames: int, max_utts: int) -> int:
    """Batches needed when utterances sorted longest first are packed greedily."""
    number, size, longest = 0, 0, 0
    for length in sorted(lengths, reverse=True):
        if number and size < max_utts and (size + 1) * longest <= batch_frames:
            size += 1
        else:
            number, size, longest = number + 1, 1, max(length, 1)
    return number
