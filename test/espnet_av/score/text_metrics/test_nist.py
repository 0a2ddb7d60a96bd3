"""NIST beside the reference package."""

import numpy as np
import pytest
from oracles.golden_texts import GOLDEN, texts_of

from espnet_av.score.text_metrics.nist import measure_nist


def test_golden_corpus():
    assert measure_nist(GOLDEN).sums.value == pytest.approx(4.010299, abs=1e-6)


def test_as_nltk_counts():
    nist = pytest.importorskip("nltk.translate.nist_score")
    rng = np.random.default_rng(0)
    for _ in range(5):
        rows = [" ".join(rng.choice(list("abcdef"), size=rng.integers(5, 12))) for _ in range(12)]
        texts = texts_of(*zip(rows[:6], rows[6:], strict=True))
        pairs = texts.tokens()
        right = nist.corpus_nist([[ref] for ref, _ in pairs], [hyp for _, hyp in pairs], n=5)
        assert measure_nist(texts).sums.value == pytest.approx(right)


def test_an_order_without_ngrams_adds_nothing():
    """NLTK divides by zero where no hypothesis has five tokens."""
    texts = texts_of(("a b", "a b"), ("c d", "c d"))
    # Each token tells two bits; its pair nothing more.
    assert measure_nist(texts).sums.value == pytest.approx(2.0)


def test_edges():
    assert measure_nist(texts_of(("a b c", ""))).sums.value == 0.0
    # Two thirds of the length: half of log2(3) bits a token.
    found = measure_nist(texts_of(("a b c", "a b"))).sums.value
    assert found == pytest.approx(np.log2(3) / 2)
