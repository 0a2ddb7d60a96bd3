"""Tables over seeds: means, paired differences and their intervals, from figures by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from espnet_av.score.seeds.runs import ConditionKey, System
from espnet_av.score.seeds.seed_table import (
    Difference,
    conditions_of,
    format_comparison,
    format_mean,
    paired_difference,
)

SOUND, BOTH = ("test", "A", "clean"), ("test", "AV", "clean")


def system(name: str, rates: dict[ConditionKey, dict[int, float]], metric: str = "wer") -> System:
    seeds = sorted({seed for row in rates.values() for seed in row})
    origins = {seed: f"{name}/{seed}" for seed in seeds}
    return System(name, metric, rates=rates, origins=origins, num_parameters=2_345_000)


def test_mean_and_spread() -> None:
    assert format_mean({}) == "-"
    assert format_mean({7: 12.34}) == "12.3"
    # Squares of the distances from 12: 4 + 0 + 4, over 3 - 1.
    assert format_mean({1: 10.0, 2: 12.0, 3: 14.0}) == "12.0 ± 2.0"


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    old, new = generator.normal(5.0, 3.0, (2, 4000, 3))
    inside = 0
    for one, other in zip(old, new + 2.0, strict=True):
        found = paired_difference(dict(enumerate(one)), dict(enumerate(other)))
        assert found is not None
        assert found.half_width is not None
        inside += abs(found.mean - 2.0) <= found.half_width
    assert math.isclose(inside / 4000, 0.95, abs_tol=0.012)


def test_only_common_seeds_are_paired() -> None:
    found = paired_difference({1: 10.0, 2: 20.0, 5: 99.0}, {2: 18.0, 1: 7.0, 3: 0.0})
    assert found is not None
    assert (found.mean, found.num_seeds) == (-2.5, 2)
    alone = paired_difference({1: 10.0}, {1: 12.0})
    assert alone is not None
    assert (alone.mean, alone.half_width, alone.is_clear) == (2.0, None, False)
    assert paired_difference({1: 10.0}, {2: 12.0}) is None


def test_half_width_by_hand() -> None:
    # -10, -11, -9: s = 1; t of 2 degrees of freedom at 97.5 % is 4.302653.
    found = paired_difference({1: 20.0, 2: 22.0, 3: 24.0}, {1: 10.0, 2: 11.0, 3: 15.0})
    assert found is not None and found.half_width is not None
    assert (found.mean, found.num_seeds, found.is_clear) == (-10.0, 3, True)
    assert math.isclose(found.half_width, 4.302653 / math.sqrt(3), rel_tol=1e-6)


@pytest.mark.parametrize(
    ("mean", "half_width", "is_clear"),
    [(2.0, 1.9, True), (-2.0, 1.9, True), (2.0, 2.0, False), (-1.0, 2.0, False), (0.0, 0.0, False)],
)
def test_clear_is_what_leaves_out_zero(mean: float, half_width: float, is_clear: bool) -> None:
    assert Difference(mean, half_width, 3).is_clear is is_clear


def test_conditions_in_the_usual_order() -> None:
    one = system("one", {("b", "AV", "babble:0"): {1: 1.0}, ("b", "A", "clean"): {1: 1.0}})
    two = system(
        "two",
        {
            ("a", "V", "clean"): {1: 1.0},
            ("b", "AV", "babble:5"): {1: 1.0},
            ("b", "AV", "clean"): {1: 1.0},
        },
    )
    assert conditions_of([one, two]) == [
        ("b", "A", "clean"),
        ("b", "AV", "clean"),
        ("b", "AV", "babble:5"),
        ("b", "AV", "babble:0"),
        ("a", "V", "clean"),
    ]


def test_one_system_in_one_mode_is_its_means_alone() -> None:
    assert format_comparison([system("one", {SOUND: {3: 20.0, 1: 22.0}})]) == (
        "### WER %: mean ± standard deviation over seeds (lower is better)\n\n"
        "|system|parameters|n|test A clean|\n|---|--:|--:|--:|\n|one|2.35 M|2|21.0 ± 1.4|\n\n"
        "Seeds: 1, 3. The spread is that of training runs; the test set is the same for all.\n"
    )


def test_differences_and_what_lips_add() -> None:
    systems = [
        system("old", {SOUND: {1: 20.0, 2: 22.0, 3: 24.0}, BOTH: {1: 19.0, 2: 18.0, 3: 20.0}}),
        system("new", {SOUND: {1: 10.0, 2: 11.0, 3: 15.0}, BOTH: {4: 9.0}}),
        system("few", {SOUND: {1: 21.5}}),
    ]
    tables = format_comparison(systems).split("### ")
    assert tables[2].splitlines()[:6] == [
        "Difference to old (percent)",
        "",
        "|system|test A clean|test AV clean|",
        "|---|--:|--:|",
        # 4.302653 / sqrt 3 = 2.484
        "|new|**-10.0 [-12.5, -7.5]**|no seed in common|",
        "|few|+1.5 (1 seed)|-|",
    ]
    # -1, -4, -4: mean -3, s = sqrt 3, half a width of 4.3. `few` was not tested with lips.
    assert tables[3].splitlines()[:6] == [
        "AV minus A: what lips add (percent)",
        "",
        "|system|test clean|",
        "|---|--:|",
        "|old|-3.0 [-7.3, +1.3]|",
        "|new|no seed in common|",
    ]
    assert tables[3].endswith(
        "In brackets: 95% intervals of the mean (t, paired by seed); bold: 0 is outside. With few "
        "seeds they are wide, and of many cells some are bold by chance.\n"
    )


def test_a_figure_of_points() -> None:
    text = format_comparison(
        [system(name, {BOTH: {1: rate}}, "bleu") for name, rate in (("a", 20.0), ("b", 21.0))]
    )
    assert text.startswith("### BLEU: mean ± standard deviation over seeds (higher is better)")
    assert "### Difference to a (points of 100)" in text and "|b|+1.0 (1 seed)|" in text
    assert "lips" not in text


def test_lips_of_one_system_where_a_noise_was_left_out() -> None:
    noisy = [("test", mode, "babble:0") for mode in ("A", "AV")]
    whole = {SOUND: {1: 20.0}, BOTH: {1: 18.0}, noisy[0]: {1: 60.0}, noisy[1]: {1: 50.0}}
    part = {SOUND: {1: 21.0}, BOTH: {1: 18.5}, noisy[0]: {1: 61.0}}
    for systems in ([system("whole", whole)], [system("whole", whole), system("part", part)]):
        lips = format_comparison(systems).partition("### AV minus A: what lips add (percent)")[2]
        rows = [
            "|system|test clean|test babble 0 dB|",
            "|---|--:|--:|",
            "|whole|-2.0 (1 seed)|-10.0 (1 seed)|",
            "|part|-2.5 (1 seed)|-|",
        ]
        lines = lips.splitlines()
        assert lines[2:-2] == rows[: 2 + len(systems)]
        assert lines[-1].startswith("In brackets: 95% intervals of the mean")
