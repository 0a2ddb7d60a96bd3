"""BLEU counts what the language of the texts calls a word."""

import sys

import pytest
import sacrebleu

from espnet_av.errors import ConfigError
from espnet_av.score import bleu_tokens
from espnet_av.score.bleu import score_bleu
from espnet_av.score.bleu_tokens import make_bleu, tokeniser_of
from espnet_av.score.edits import EditCounts, align

# Printed by sacreBLEU 2.6.0 for five sentences in five languages, in Unicode's composed form.
PAIRS = [
    ("The cat sat on the mat, didn't it?", "The cat is on the mat, isn't it?"),
    ("Il a été à l'école avec sa mère.", "Il était à l'école avec sa mere."),
    ("Он сказал, что придёт завтра утром.", "Он сказал что придет завтра вечером."),
    ("Não é possível ir à praia hoje.", "Nao é possível ir a praia hoje à tarde."),
    ("Wir treffen uns um 10:30 Uhr am Bahnhof.", "Wir treffen uns um 10.30 Uhr am Bahnhof."),
]
REFS = {str(number): ref for number, (ref, _) in enumerate(PAIRS)}
HYPS = {str(number): hyp for number, (_, hyp) in enumerate(PAIRS)}


@pytest.fixture(autouse=True)
def fresh_choice():
    tokeniser_of.cache_clear()
    yield
    tokeniser_of.cache_clear()


@pytest.mark.parametrize(
    ("tokenize", "score"),
    [
        ("13a", 32.279312),
        ("intl", 41.405698),
        ("none", 27.667208),
        ("char", 72.346349),
        ("zh", 32.279312),
    ],
)
def test_golden_scores_of_every_tokeniser(tokenize, score):
    got = score_bleu(REFS, HYPS, tokenize=tokenize, num_resamples=1)
    assert got.score == pytest.approx(score, abs=1e-6)
    assert f"|tok:{tokenize}|" in got.signature


def test_golden_details():
    got = score_bleu(REFS, HYPS, num_resamples=1)
    assert got.precisions == pytest.approx((77.2727, 46.1538, 26.4706, 13.7931), abs=1e-4)
    assert got.brevity_penalty == pytest.approx(0.955563, abs=1e-6)
    assert (got.num_hyp, got.num_ref, got.longest_ref) == (44, 46, 11)
    assert score_bleu(REFS, dict.fromkeys(REFS, ""), num_resamples=1).score == 0.0
    three = {"a": "one two three", "b": "four five six"}
    assert score_bleu(three, three, num_resamples=1).score == 0.0
    words, letters = (align(REFS, HYPS, unit) for unit in ("words", "characters"))
    for rows, rate in ((words, 0.378378), (letters, 0.162791)):  # jiwer 4.0.0
        total = sum((row.counts for row in rows), EditCounts())
        assert total.errors / total.num_ref == pytest.approx(rate, abs=1e-6)
    spaced = score_bleu({"a": "«Bonjour», dit-il."}, {"a": "« Bonjour », dit-il."}, tokenize="intl")
    assert spaced.score == pytest.approx(100)


@pytest.mark.parametrize(
    ("langs", "tokenize"),
    [
        ({None}, "13a"),
        (set(), "13a"),
        ({"en"}, "13a"),
        ({"fr", "ru", "xx"}, "13a"),
        ({"zh"}, "zh"),
        ({"zh-CN", "zh_TW", "cmn_hans_cn", "YUE"}, "zh"),
        ({"th"}, "char"),
        ({"km", "lo"}, "char"),
    ],
)
def test_the_language_decides(langs, tokenize):
    assert tokeniser_of(frozenset(langs)) == tokenize


def test_a_chinese_sentence_is_not_one_word():
    refs = {"a": "我们今天去公园散步。", "b": "他昨天买了一本新书。"}
    hyps = {"a": "我们今天去公园跑步。", "b": "他昨天买了一本旧书。"}
    right = score_bleu(refs, hyps, tokenize=tokeniser_of(frozenset({"zh"})), num_resamples=1)
    direct = sacrebleu.corpus_bleu(list(hyps.values()), [list(refs.values())], tokenize="zh")
    assert right.score == pytest.approx(direct.score) and right.score > 50
    wrong = score_bleu(refs, hyps, tokenize="13a", num_resamples=1)
    assert wrong.score < 10 and wrong.longest_ref <= 2


def hide(monkeypatch, *modules):
    for name in modules:
        module = f"sacrebleu.tokenizers.tokenizer_{name}"
        __import__(module)
        monkeypatch.setattr(sys.modules[module], "MeCab", None)


@pytest.mark.parametrize(("lang", "name"), [("ja", "ja-mecab"), ("ko_kr", "ko-mecab")])
def test_mecab_where_it_is_and_characters_where_not(lang, name, monkeypatch, caplog):
    made = []
    monkeypatch.setattr(bleu_tokens, "make_bleu", made.append)
    assert tokeniser_of(frozenset({lang})) == name and made == [name]
    monkeypatch.undo()
    tokeniser_of.cache_clear()
    hide(monkeypatch, name.replace("-", "_"))
    assert tokeniser_of(frozenset({lang})) == "char"
    assert f"BLEU of '{lang}' is of characters" in caplog.text
    assert f'pip install "sacrebleu[{name[:2]}]"' in caplog.text
    with pytest.raises(ConfigError, match=rf"scoring\.tokenize {name}.*pip install"):
        make_bleu(name)


def test_a_model_that_cannot_be_fetched_is_named(monkeypatch, tmp_path):
    from sacrebleu.tokenizers import tokenizer_spm

    def offline(*_):
        raise OSError("no network")

    monkeypatch.setattr(tokenizer_spm, "SACREBLEU_DIR", str(tmp_path))
    monkeypatch.setattr(tokenizer_spm, "download_file", offline)
    with pytest.raises(ConfigError, match=r"flores200: sacreBLEU cannot fetch.*\(no network\)"):
        make_bleu("flores200")


def test_languages_that_are_cut_in_different_ways(caplog):
    assert tokeniser_of(frozenset({"zh", "en"})) == "char"
    assert "texts in en, zh need different tokenisers (13a, zh)" in caplog.text
