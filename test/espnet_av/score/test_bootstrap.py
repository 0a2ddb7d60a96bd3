"""Confidence intervals."""

import tracemalloc

import numpy as np
import pytest

from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import (
    Resampling,
    Sums,
    bootstrap_interval,
    middle,
    paired_bootstrap,
    percentage,
)


def slow_interval(errors, lengths, num_resamples, generator):
    rates = []
    for _ in range(num_resamples):
        drawn = generator.integers(0, len(errors), len(errors))
        rates.append(sum(errors[i] for i in drawn) / sum(lengths[i] for i in drawn))
    return np.quantile(rates, [0.025, 0.975])


def test_same_as_drawing_one_by_one():
    generator = np.random.default_rng(0)
    lengths = generator.integers(3, 12, 80)
    errors = generator.binomial(lengths, 0.3)
    expected = slow_interval(errors, lengths, 4000, generator)
    got = bootstrap_interval(errors, lengths, num_resamples=4000)
    assert got == pytest.approx(expected, abs=0.006)
    assert got[0] < errors.sum() / lengths.sum() < got[1]


def test_kinds_of_utterances_and_utterances_give_the_same_distribution():
    """Many alike are drawn by kind; the same with tiny fractions, no two alike, one by one."""
    generator = np.random.default_rng(3)
    lengths = generator.integers(3, 6, 600)
    errors = generator.binomial(lengths, 0.3)
    apart = errors + 1e-9 * np.arange(600)
    found = [
        np.array([bootstrap_interval(values, lengths, seed=seed) for seed in range(20)])
        for values in (errors, apart)
    ]
    expected = np.array([slow_interval(errors, lengths, 300, generator) for _ in range(4)])
    for bounds in found:
        # A bound of 1000 draws moves by some 0.0008 from seed to seed; means of 20 by 0.0002.
        assert bounds.mean(0) == pytest.approx(expected.mean(0), abs=0.002)
    assert found[0].mean(0) == pytest.approx(found[1].mean(0), abs=0.001)
    assert found[0].std(0) == pytest.approx(found[1].std(0), rel=0.8)


def test_memory_does_not_grow_with_draws():
    """Neither of many kinds nor of utterances that all differ."""
    for num_kinds in (500, 8000):
        errors = np.arange(8000) % num_kinds
        tracemalloc.start()
        bootstrap_interval(errors, np.ones(8000), num_resamples=400)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4e6, "a matrix of draws and utterances has 26 MB"


def test_sums_are_those_of_the_drawn_rows():
    rows = np.random.default_rng(7).integers(0, 50, (40, 3))
    rng = np.random.default_rng(5)
    expected = [percentage(rows[rng.integers(40, size=40)].sum(axis=0)) for _ in range(30)]
    assert Sums(rows, percentage).draws(Resampling(30, 5)).tolist() == expected


def test_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(1)
    inside = 0
    for seed in range(200):
        errors = generator.binomial(6, 0.2, size=60)
        low, high = bootstrap_interval(errors, np.full(60, 6), num_resamples=300, seed=seed)
        inside += low <= 0.2 <= high
    assert 180 <= inside <= 199


def test_seeded_and_degenerate():
    errors, lengths = np.array([1, 0, 3]), np.array([4, 4, 4])
    assert bootstrap_interval(errors, lengths, seed=1) == bootstrap_interval(
        errors, lengths, seed=1
    )
    assert bootstrap_interval(np.array([2]), np.array([4])) == (0.5, 0.5)
    assert bootstrap_interval(np.zeros(5), np.ones(5)) == (0.0, 0.0)


def test_draws_without_a_reference_word_are_left_out():
    """Two utterances, one of them empty: a quarter of the draws has no rate."""
    low, high = bootstrap_interval(np.array([0, 1]), np.array([0, 4]), num_resamples=500)
    assert (low, high) == (0.25, 0.25)
    assert np.isfinite([low, high]).all()


def test_sums_give_the_figure_and_its_draws():
    """Errors of words: the interval is that of the rates, drawn in another way."""
    generator = np.random.default_rng(2)
    lengths = generator.integers(3, 12, 80)
    errors = generator.binomial(lengths, 0.3)
    sums = Sums(np.stack([errors, lengths], axis=1), percentage)
    assert sums.value == pytest.approx(100 * errors.sum() / lengths.sum())
    rates = bootstrap_interval(errors, lengths, num_resamples=4000)
    found = sums.interval(Resampling(4000, 0))
    assert found == pytest.approx((100 * rates[0], 100 * rates[1]), abs=0.6)


def test_two_figures_of_a_corpus_see_the_same_draws():
    first = Sums(np.stack([np.arange(30), np.ones(30)], axis=1), percentage)
    second = Sums(first.rows * [2, 1], percentage)
    resampling = Resampling(50, 3)
    assert second.draws(resampling) == pytest.approx(2 * first.draws(resampling))
    assert len(set(first.draws(resampling))) > 10


def test_draws_without_a_figure_are_left_out():
    assert middle(np.array([np.nan, 1.0, 1.0]), 5.0) == (1.0, 1.0)
    assert middle(np.array([np.nan]), 5.0) == (5.0, 5.0)
    assert np.isnan(percentage(np.array([0.0, 0.0])))


def errors_of(rates: np.ndarray) -> Sums:
    return Sums(np.stack([rates, np.ones(len(rates))], axis=1), percentage)


def test_pairs_show_what_intervals_hide():
    """Utterances differ much; one system is a little better in almost every one."""
    rng = np.random.default_rng(4)
    hard = rng.uniform(0, 1, 200)
    better = hard - rng.normal(0.02, 0.05, 200)
    resampling = Resampling(500)
    test = paired_bootstrap([errors_of(hard)], [errors_of(better)], resampling)
    assert test.difference == pytest.approx(100 * (better - hard).mean())
    assert test.ci95[0] < test.difference < test.ci95[1] < 0
    assert test.p_value < 0.01
    ones, others = (errors_of(rates).interval(resampling) for rates in (hard, better))
    assert ones[0] < others[1], "the intervals of both overlap"


def test_p_of_chance_is_spread_evenly():
    rng = np.random.default_rng(5)
    found = []
    for seed in range(60):
        one, other = rng.normal(0.5, 0.2, (2, 80))
        pair = [errors_of(one)], [errors_of(other)]
        found.append(paired_bootstrap(*pair, Resampling(200, seed)).p_value)
    assert 0.35 < np.mean(found) < 0.65
    assert sum(p < 0.1 for p in found) < 15


def test_equal_systems_are_never_told_apart():
    one = errors_of(np.arange(10))
    test = paired_bootstrap([one], [one], Resampling(100))
    assert (test.difference, test.ci95, test.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_seeds_are_averaged_on_the_same_draws():
    low, high = errors_of(np.zeros(20)), errors_of(np.ones(20))
    test = paired_bootstrap([low, high], [high, high], Resampling(30))
    assert (test.difference, test.ci95) == (50.0, (50.0, 50.0))
    assert test.p_value == pytest.approx(1 / 31)


def test_pairs_need_the_same_utterances():
    with pytest.raises(ValueError, match="systems of 3 and 4 utterances have no pairs"):
        paired_bootstrap([errors_of(np.ones(3))], [errors_of(np.ones(4))], Resampling(5))


@pytest.mark.parametrize(("num_resamples", "seed"), [(0, 0), (-3, 0), (10, -1)])
def test_no_draws_and_no_seed_of_that_kind(num_resamples, seed):
    with pytest.raises(ConfigError, match=r"at least 1 of them .*a seed of at least 0"):
        Resampling(num_resamples, seed)
