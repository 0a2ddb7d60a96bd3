from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.bucket_batches import check_epoch

from espnet_av.data.balance import BalancedBatchSampler, SamplingConfig, group_shares
from espnet_av.errors import ConfigError

RNG = np.random.default_rng(1)
GROUPS = ["en"] * 300 + ["de"] * 20 + ["ar"] * 7
LENGTHS = RNG.integers(20, 200, len(GROUPS)).tolist()


def make(temperature: float, world_size: int = 1, **options: object) -> list[BalancedBatchSampler]:
    settings_ = {"batch_frames": 800, "max_utts": 16, "seed": 3, **options}
    return [
        BalancedBatchSampler(
            LENGTHS, GROUPS, temperature, rank=rank, world_size=world_size, **settings_
        )  # type: ignore[arg-type]
        for rank in range(world_size)
    ]


def frames_by_group(sampler: BalancedBatchSampler, epochs: int) -> Counter[str]:
    frames: Counter[str] = Counter()
    for epoch in range(epochs):
        for number in (n for batch in sampler.batches(epoch) for n in batch):
            frames[GROUPS[number % len(GROUPS)]] += LENGTHS[number % len(GROUPS)]
    return frames


def test_shares_follow_the_temperature() -> None:
    hours = {"en": 436.0, "ar": 16.0}
    assert group_shares(hours, 1.0)["ar"] == pytest.approx(16 / 452)
    assert group_shares(hours, 2.0)["ar"] == pytest.approx(4 / (4 + 436**0.5))
    assert group_shares(hours, 1e9)["ar"] == pytest.approx(0.5)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 1e9])
def test_groups_get_their_share_of_the_frames(temperature: float) -> None:
    (sampler,) = make(temperature)
    amounts = Counter()
    for group, length in zip(GROUPS, LENGTHS, strict=True):
        amounts[group] += length
    expected = {name: count ** (1 / temperature) for name, count in amounts.items()}
    frames, epochs = frames_by_group(sampler, 20), 20
    assert sum(frames.values()) == pytest.approx(epochs * sum(LENGTHS), rel=0.01)
    for name, weight in expected.items():
        share = weight / sum(expected.values())
        assert frames[name] / sum(frames.values()) == pytest.approx(share, rel=0.03)


def test_temperature_one_is_every_utterance_once() -> None:
    (sampler,) = make(1.0)
    for epoch in range(5):
        numbers = sorted(n for batch in sampler.batches(epoch) for n in batch)
        assert numbers == list(range(len(GROUPS)))


def test_no_utterance_is_used_more_than_once_more_than_its_fellows() -> None:
    (sampler,) = make(3.0)
    used: Counter[int] = Counter()
    for epoch in range(9):
        used.update(n % len(GROUPS) for batch in sampler.batches(epoch) for n in batch)
        for name in set(GROUPS):
            counts = [used[i] for i, group in enumerate(GROUPS) if group == name]
            assert max(counts) - min(counts) <= 1


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 120), min_size=1, max_size=40),
    temperature=st.floats(1, 50),
    world_size=st.integers(1, 4),
    epoch=st.integers(0, 6),
    data=st.data(),
)
def test_every_epoch_obeys_the_rules(
    lengths: list[int], temperature: float, world_size: int, epoch: int, data: st.DataObject
) -> None:
    """Strict budget, equally many batches a rank, no number on two ranks or twice on one."""
    letters = st.lists(st.sampled_from("abc"), min_size=len(lengths), max_size=len(lengths))
    groups = data.draw(letters)
    ranks = [
        BalancedBatchSampler(
            lengths, groups, temperature, 240, 6, seed=1, rank=rank, world_size=world_size
        ).batches(epoch)
        for rank in range(world_size)
    ]
    numbers = sorted({n for batches in ranks for batch in batches for n in batch})
    place = {number: i for i, number in enumerate(numbers)}
    renamed = [[[place[n] for n in batch] for batch in batches] for batches in ranks]
    check_epoch(renamed, [lengths[n % len(lengths)] for n in numbers], 240, 6)
    # The n-th repetition is there only beside the ones before it.
    assert all(n < len(lengths) or n - len(lengths) in place for n in numbers)


def test_epochs_follow_from_seed_and_number_alone() -> None:
    first, second = make(2.0)[0], make(2.0)[0]
    list(map(first.batches, range(3)))
    assert first.batches(5) == second.batches(5)
    assert first.batches(5) != first.batches(6)
    assert first.batches(5) != make(2.0, seed=4)[0].batches(5)


def test_the_utterances_of_an_epoch_do_not_depend_on_the_number_of_ranks() -> None:
    alone, four = make(2.0), make(2.0, world_size=4)
    whole = sorted(n for batch in alone[0].batches(2) for n in batch)
    assert sorted(n for rank in four for batch in rank.batches(2) for n in batch) == whole


def test_mistakes_are_named() -> None:
    with pytest.raises(ConfigError, match=r"temperature is 0\.5; it is 1"):
        SamplingConfig(temperature=0.5)
    with pytest.raises(ConfigError, match="utterance s1-b has 900 frames, more than batch_frames"):
        BalancedBatchSampler([1, 900], ["a", "b"], 2.0, 800, 4, utt_ids=["s1-a", "s1-b"])


def test_repeats_within_an_epoch_have_numbers_of_their_own() -> None:
    """What is heard several times an epoch is drawn anew each time: numbers count upwards."""
    (sampler,) = make(1e9)
    numbers = sorted(number for batch in sampler.batches(0) for number in batch)
    assert len(set(numbers)) == len(numbers)
    assert numbers[0] >= 0
    turns = Counter(number % len(GROUPS) for number in numbers)
    arabic = max(turns[i] for i in range(len(GROUPS)) if GROUPS[i] == "ar")
    assert arabic > 5
    assert numbers[-1] // len(GROUPS) == arabic - 1
