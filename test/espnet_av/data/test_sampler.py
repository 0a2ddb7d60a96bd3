from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.bucket_batches import check_epoch, fewest_batches

from espnet_av.data.sampler import BucketBatchSampler
from espnet_av.errors import ConfigError


def make(lengths: list[int], world_size: int = 1, **options: object) -> list[BucketBatchSampler]:
    settings_ = {"batch_frames": 400, "max_utts": 8, "seed": 3, **options}
    return [
        BucketBatchSampler(lengths, rank=rank, world_size=world_size, **settings_)  # type: ignore[arg-type]
        for rank in range(world_size)
    ]


LENGTHS = np.random.default_rng(0).integers(5, 200, 500).tolist()


@settings(max_examples=150, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 120), min_size=1, max_size=60),
    batch_frames=st.integers(120, 600),
    max_utts=st.integers(1, 12),
    world_size=st.integers(1, 5),
    shuffle=st.booleans(),
    epoch=st.integers(0, 5),
)
def test_every_epoch_obeys_the_rules(
    lengths: list[int],
    batch_frames: int,
    max_utts: int,
    world_size: int,
    shuffle: bool,
    epoch: int,
) -> None:
    options = {"batch_frames": batch_frames, "max_utts": max_utts, "shuffle": shuffle}
    samplers = make(lengths, world_size, **options)
    ranks = [sampler.batches(epoch) for sampler in samplers]
    check_epoch(ranks, lengths, batch_frames, max_utts)
    assert all(
        len(sampler) == len(batches) for sampler, batches in zip(samplers, ranks, strict=True)
    )


@given(lengths=st.lists(st.integers(1, 120), min_size=1, max_size=200))
def test_no_more_batches_than_greedy_packing(lengths: list[int]) -> None:
    # Within a bucket the size is that of its longest batch: at most a factor 1 / 0.85 is lost.
    (sampler,) = make(lengths, max_utts=1000)
    fewest = fewest_batches(lengths, 400, 1000)
    assert fewest <= len(sampler) <= fewest / 0.85 + 1 + fewest * 0.25


def test_batches_hold_similar_lengths() -> None:
    (sampler,) = make(LENGTHS, batch_frames=2000, max_utts=32)
    frames = sum(LENGTHS)
    padded = sum(len(b) * max(LENGTHS[i] for i in b) for b in sampler.batches(0))
    assert padded / frames < 1.15


def test_same_seed_and_epoch_same_batches() -> None:
    first, second = make(LENGTHS)[0], make(LENGTHS)[0]
    first.set_epoch(1)
    list(first)
    assert first.batches(4) == second.batches(4)
    assert first.batches(4) != first.batches(5)
    assert first.batches(4) != make(LENGTHS, seed=4)[0].batches(4)


def test_shuffling_changes_the_company_of_an_utterance() -> None:
    (sampler,) = make(LENGTHS)
    company = {frozenset(batch) for batch in sampler.batches(0)}
    again = {frozenset(batch) for batch in sampler.batches(1)}
    assert len(company & again) < len(company) / 4


def test_resume_yields_exactly_what_was_left() -> None:
    (sampler,) = make(LENGTHS)
    sampler.set_epoch(2)
    whole = list(sampler)
    sampler.set_epoch(2, start_batch=7)
    assert list(sampler) == whole[7:] and len(sampler) == len(whole)
    sampler.set_epoch(3)
    assert len(list(sampler)) == len(whole)


def test_without_shuffling_longest_first_and_every_epoch_the_same() -> None:
    (sampler,) = make(LENGTHS, shuffle=False)
    longest = [max(LENGTHS[index] for index in batch) for batch in sampler.batches(0)]
    assert longest == sorted(longest, reverse=True)
    assert sampler.batches(0) == sampler.batches(9)


def test_ranks_of_one_step_have_similar_work() -> None:
    samplers = make(LENGTHS, world_size=4, batch_frames=2000, max_utts=32)
    steps = zip(*(sampler.batches(0) for sampler in samplers), strict=True)
    ratios = []
    for step in steps:
        work = [len(batch) * max(LENGTHS[index] for index in batch) for batch in step]
        ratios.append(min(work) / max(work))
    assert np.mean(ratios) > 0.75


def test_more_ranks_than_utterances_repeats_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    samplers = make([10], world_size=3)
    assert [sampler.batches(0) for sampler in samplers] == [[[0]]] * 3
    assert "1 utterances for 3 processes: some are used twice an epoch" in caplog.text


def test_too_long_utterance_is_named() -> None:
    with pytest.raises(
        ConfigError, match="utterance s1-b has 401 frames, more than batch_frames 4"
    ):
        make([10, 401], utt_ids=["s1-a", "s1-b"])
    with pytest.raises(ConfigError, match="utterance number 1 has 401 frames"):
        make([10, 401])


def test_nothing_to_sample_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no utterance to make batches of"):
        make([])
    with pytest.raises(ConfigError, match="max_utts is 0"):
        make([1], max_utts=0)
