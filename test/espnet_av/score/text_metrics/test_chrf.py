"""chrF2++ is sacreBLEU's, with an interval from the same counts."""

import pytest
from oracles.golden_texts import GOLDEN, PAIRS, texts_of
from sacrebleu.metrics.chrf import CHRF

from espnet_av.score.bootstrap import Resampling
from espnet_av.score.text_metrics.chrf import measure_chrf

SENTENCES = (58.982959, 61.057128, 52.724555, 67.526703, 86.615985)


def test_golden():
    for pair, right in zip(PAIRS, SENTENCES, strict=True):
        assert measure_chrf(texts_of(pair)).sums.value == pytest.approx(right, abs=5e-7)
    measured = measure_chrf(GOLDEN)
    assert measured.sums.value == pytest.approx(66.200031, abs=5e-7)
    assert measured.signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:")


def test_the_counts_are_those_of_the_public_score():
    texts = texts_of(("abc def", "abd"), ("ж", ""), ("我喜欢猫", "我猫"))
    hyps, refs = list(texts.hyps.values()), list(texts.refs.values())
    right = CHRF(word_order=2).corpus_score(hyps, [refs]).score
    assert measure_chrf(texts).sums.value == pytest.approx(right)
    low, high = measure_chrf(texts).sums.interval(Resampling(50, 1))
    assert low <= right <= high
