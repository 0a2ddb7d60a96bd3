"""ROUGE-L beside the reference package."""

import functools

import numpy as np
import pytest
from oracles.golden_texts import GOLDEN, PAIRS, texts_of

from espnet_av.score.text_metrics.rouge import f_measure, measure_rouge

SENTENCES = (0.777778, 0.705882, 0.666667, 0.625, 1.0)


def test_each_golden_pair():
    for pair, right in zip(PAIRS, SENTENCES, strict=True):
        assert measure_rouge(texts_of(pair)).sums.value == pytest.approx(100 * right, abs=5e-5)


def test_golden_mean():
    assert measure_rouge(GOLDEN).sums.value == pytest.approx(75.5065, abs=5e-5)


def test_against_a_recursion():
    rng = np.random.default_rng(1)

    def common(one: str, other: str) -> int:
        @functools.cache
        def rest(i: int, j: int) -> int:
            if i == len(one) or j == len(other):
                return 0
            if one[i] == other[j]:
                return 1 + rest(i + 1, j + 1)
            return max(rest(i + 1, j), rest(i, j + 1))

        return rest(0, 0)

    for _ in range(20):
        one, other = ("".join(rng.choice(list("abc"), size=rng.integers(1, 9))) for _ in range(2))
        right = common(one, other)
        precision, recall = right / len(other), right / len(one)
        expected = 2 * precision * recall / (precision + recall) if right else 0.0
        assert f_measure(one, other) == pytest.approx(expected)


def test_edges():
    assert f_measure([], []) == 0.0
    assert f_measure(["a"], []) == 0.0
    assert measure_rouge(texts_of(("да", ""), ("да", "Да!"))).sums.value == 50.0
