"""NIST: n-grams that are right, each by what it tells (Doddington, HLT 2002)."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from espnet_av.score.bootstrap import Sums
from espnet_av.score.metric import Metric
from espnet_av.score.text_metrics.ngrams import NGram, count_ngrams
from espnet_av.score.text_metrics.text_metric import TextFigure, TextMetric, TextPairs

_MAX_ORDER = 5
_ORDERS = range(1, _MAX_ORDER + 1)
_BETA = math.log(0.5) / math.log(1.5) ** 2
"""So that two thirds of the length of the references halve the score."""


def _informations(refs: list[list[str]]) -> dict[NGram, float]:
    """Bits that the last token of an n-gram tells after those before it, in the references."""
    counts: Counter[NGram] = Counter({(): sum(map(len, refs))})
    for ref in refs:
        for order in _ORDERS:
            counts.update(count_ngrams(ref, order))
    return {gram: math.log2(counts[gram[:-1]] / count) for gram, count in counts.items() if gram}


def _row(ref: list[str], hyp: list[str], bits: dict[NGram, float]) -> list[float]:
    """Bits that are right of each order, n-grams of the hypothesis, both lengths."""
    ours = [count_ngrams(hyp, order) for order in _ORDERS]
    right = [
        sum(bits[gram] * count for gram, count in (grams & count_ngrams(ref, order)).items())
        for order, grams in zip(_ORDERS, ours, strict=True)
    ]
    return [*right, *(grams.total() for grams in ours), len(hyp), len(ref)]


def _figure(sums: np.ndarray) -> float:
    """An order that no hypothesis is long enough for adds nothing."""
    right, there = sums[:_MAX_ORDER], sums[_MAX_ORDER : 2 * _MAX_ORDER]
    hyp_len, ref_len = sums[-2:]
    if not ref_len or not hyp_len:
        return 0.0 if ref_len else math.nan
    ratio = min(hyp_len / ref_len, 1.0)
    gained = sum(bits / count for bits, count in zip(right, there, strict=True) if count)
    return float(gained * math.exp(_BETA * math.log(ratio) ** 2))


def measure_nist(texts: TextPairs) -> TextFigure:
    """NIST of a corpus as NLTK counts it, which stops where no hypothesis has five tokens.

    What n-grams tell is counted in the references of this corpus: those of two sets do not compare.
    """
    pairs = texts.tokens()
    bits = _informations([ref for ref, _ in pairs])
    rows = np.array([_row(ref, hyp, bits) for ref, hyp in pairs], dtype=np.float64)
    return TextFigure(Sums(rows, _figure), f"n:{_MAX_ORDER}|tok:{texts.tokenize}")


NIST = TextMetric(
    metric=Metric(name="nist", title="NIST", words="NIST", unit="", unit_words="bits", digits=2),
    measure=measure_nist,
)
