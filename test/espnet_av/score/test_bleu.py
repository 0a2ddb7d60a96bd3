"""BLEU agrees with its definition and with sacreBLEU's own call, in several languages."""

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.bleu import bleu as slow_bleu

from espnet_av.errors import DataDirError
from espnet_av.score.bleu import score_bleu

REFS = {
    "el-1": "Thank you very much, it's 3,500.5 dollars - really.",
    "es-1": "¿Qué es la inteligencia artificial? No lo sé (todavía).",
    "fr-1": "Merci, c'est l'été qui vient & s'en va.",
    "it-1": "Grazie mille a tutti, ci vediamo domani mattina alle 9-10.",
    "pt-1": "Muito obrigado por estarem aqui hoje comigo.",
    "ru-1": "Большое спасибо, что вы пришли сегодня.",
}
HYPS = {
    "el-1": "Thank you so much, it's 3,500.5 dollars - really!",
    "es-1": "¿Qué es la inteligencia? No lo sé todavía.",
    "fr-1": "Merci, c'est l'hiver qui vient & s'en va.",
    "it-1": "Grazie a tutti, ci vediamo domani alle 9-10.",
    "pt-1": "",
    "ru-1": "Большое спасибо, что пришли сегодня.",
}


def pair_lists():
    return [REFS[u] for u in REFS], [HYPS[u] for u in REFS]


def test_a_multilingual_sample():
    got = score_bleu(REFS, HYPS)
    refs, hyps = pair_lists()
    assert got.score == pytest.approx(sacrebleu.corpus_bleu(hyps, [refs]).score)
    assert got.score == pytest.approx(slow_bleu(refs, hyps))
    assert 20 < got.score < 80
    assert "tok:13a" in got.signature
    assert "case:mixed" in got.signature
    assert f"version:{sacrebleu.__version__}" in got.signature
    assert got.ci95[0] < got.score < got.ci95[1]
    assert (got.num_utts, got.num_hyp < got.num_ref, got.brevity_penalty < 1) == (6, True, True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.text("ab,.-'1 É&", max_size=14)] * 2), min_size=1, max_size=4))
def test_random_texts(pairs):
    refs = {str(number): ref for number, (ref, _) in enumerate(pairs)}
    hyps = {str(number): hyp for number, (_, hyp) in enumerate(pairs)}
    got = score_bleu(refs, hyps, num_resamples=2)
    assert got.score == pytest.approx(slow_bleu(list(refs.values()), list(hyps.values())))


def test_resampling_one_utterance_gives_its_score():
    got = score_bleu({"a": REFS["el-1"]}, {"a": HYPS["el-1"]}, num_resamples=10)
    assert got.ci95 == pytest.approx((got.score, got.score))


def test_case_and_tokeniser_are_in_the_signature():
    upper = {utt_id: text.upper() for utt_id, text in REFS.items()}
    assert score_bleu(REFS, upper, lowercase=True).score == pytest.approx(100)
    assert score_bleu(REFS, upper).score < 50
    assert "case:lc" in score_bleu(REFS, upper, lowercase=True).signature
    assert "tok:char" in score_bleu(REFS, upper, tokenize="char").signature


@pytest.mark.parametrize(
    ("refs", "hyps", "message"),
    [
        (REFS, {**HYPS, "zz": "x"}, "zz: a hypothesis without reference"),
        ({**REFS, "zz": "x"}, HYPS, "zz: no hypothesis"),
        ({}, {}, "no utterance to score"),
    ],
)
def test_texts_that_do_not_fit(refs, hyps, message):
    with pytest.raises(DataDirError, match=message):
        score_bleu(refs, hyps)
