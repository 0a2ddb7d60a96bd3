"""Figures of one decoded folder, held against counting by hand."""

import pytest
from oracles.decoded import write_condition

from espnet_av.errors import DataDirError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.edits import align
from espnet_av.score.record import as_records
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring
from espnet_av.score.text import accuracy_by_position

WORDS = {"a-1": ("one two three", "one too three"), "a-2": ("four five six", "four six")}
PLAIN = Scoring(metric="wer", normaliser="none")


def record_of(folder, scoring=PLAIN):
    (record,) = as_records(score_condition(folder, scoring), Resampling(num_resamples=50))
    return record


def test_a_record_counts_what_one_can_count_by_hand(tmp_path):
    record = record_of(write_condition(tmp_path, "A", "clean", 0.0, texts=WORDS))
    figures = {key: value for key, value in record["wer"].items() if key != "ci95"}
    assert figures == {
        "rate": 33.333, "hits": 4, "substitutions": 1, "deletions": 1, "insertions": 0,
        "num_ref": 6, "num_utts": 2, "num_wrong_utts": 2, "num_empty_refs": 0,
    }  # fmt: skip
    low, high = record["wer"]["ci95"]
    assert low <= 33.333 <= high
    assert record["cer"]["num_ref"] == 26
    assert record["fingerprint"] == "0123abcd"


def test_words_by_place_only_of_sentences_of_one_length():
    refs = {utt: ref for utt, (ref, _) in WORDS.items()}
    hyps = {utt: hyp for utt, (_, hyp) in WORDS.items()}
    assert accuracy_by_position(align(refs, hyps, "words")) == [100.0, 0.0, 100.0]
    refs["a-2"], hyps["a-2"] = "four five", "four five"
    assert accuracy_by_position(align(refs, hyps, "words")) is None


def test_groups_have_figures_of_their_own(tmp_path):
    texts = {**WORDS, "a-3": ("seven", "seven")}
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts=texts, langs=("de", "en"))
    record = record_of(folder)
    rates = {lang: figures["wer"]["rate"] for lang, figures in record["by_lang"].items()}
    # a-1 and a-3 are German: one of four words is wrong.
    assert rates == {"de": 25.0, "en": 33.333}
    alone = write_condition(tmp_path / "alone", "A", "clean", 0.0, texts=texts, langs=("de",))
    assert "by_lang" not in record_of(alone)


def test_references_that_normalise_to_nothing(tmp_path):
    english = Scoring(metric="wer", normaliser="english")
    texts = {"a-1": ("(laughs)", ""), "a-2": ("yes", "yes")}
    record = record_of(write_condition(tmp_path, "A", "clean", 0.0, texts=texts), english)
    assert (record["wer"]["num_empty_refs"], record["wer"]["rate"]) == (1, 0.0)
    folder = write_condition(tmp_path / "b", "A", "clean", 0.0, texts={"a-1": ("(laughs)", "")})
    with pytest.raises(DataDirError, match="every reference is empty after"):
        record_of(folder, english)


def test_what_cannot_be_scored_is_named(tmp_path):
    folder = write_condition(tmp_path, "A", "clean", 0.1, num_utts=3)
    (folder / "ref").write_text("s1-000 \ns1-001 a\ns1-002 b\n")
    with pytest.raises(DataDirError, match="s1-000: the reference is empty"):
        score_condition(folder, PLAIN)
    (folder / "ref").unlink()
    with pytest.raises(DataDirError, match="ref: missing; the test set had no text"):
        score_condition(folder, PLAIN)
