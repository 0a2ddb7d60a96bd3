"""Google-BLEU beside the reference package."""

import pytest
from oracles.golden_texts import GOLDEN, PAIRS, texts_of

from espnet_av.score.text_metrics.gleu import GLEU, measure_gleu

SENTENCES = (0.470588, 0.4, 0.230769, 0.323529, 0.526316)


def test_each_golden_pair():
    for pair, right in zip(PAIRS, SENTENCES, strict=True):
        assert measure_gleu(texts_of(pair)).sums.value == pytest.approx(100 * right, abs=5e-5)


def test_golden_corpus():
    measured = GLEU.measure(GOLDEN)
    assert measured.sums.value == pytest.approx(40.1235, abs=5e-5)
    assert measured.signature == "min:1|max:4|tok:13a"


def test_edges():
    assert measure_gleu(texts_of(("a b c", ""))).sums.value == 0.0
    assert measure_gleu(texts_of(("été là", "été là"))).sums.value == 100.0
    # Longer than the reference: what is too much counts against it.
    assert measure_gleu(texts_of(("a", "a b"))).sums.value == pytest.approx(100 / 3)


def test_as_nltk_counts():
    gleu = pytest.importorskip("nltk.translate.gleu_score")
    texts = texts_of(("the the cat the", "the cat the the dog"), ("a b", "b a"), ("x", "x y z"))
    pairs = texts.tokens()
    right = gleu.corpus_gleu([[ref] for ref, _ in pairs], [hyp for _, hyp in pairs])
    assert measure_gleu(texts).sums.value == pytest.approx(100 * right)


def test_the_tokeniser_of_bleu_cuts():
    chinese = texts_of(("我喜欢猫。", "我喜欢狗。"), tokenize="zh")
    assert measure_gleu(chinese).signature.endswith("tok:zh")
    assert 0 < measure_gleu(chinese).sums.value < 100
    assert measure_gleu(texts_of(("我喜欢猫。", "我喜欢狗。"))).sums.value == 0.0
