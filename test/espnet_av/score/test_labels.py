"""Accuracy of classes, and what is drawn and said of them."""

import json

import pytest
from oracles.toy_predictions import predict

from espnet_av.errors import DataDirError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.expected import Expected
from espnet_av.score.report import write_report
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

NAMES = ("bee", "cat", "dog")
SCORES = [[0, 2, 1], [3, 0, 0], [0, 0, 5], [0, 1, 0.0]]
REFS = {"u0": "cat", "u1": "bee", "u2": "cat", "u3": "mouse"}
SCORING = Scoring(metric="accuracy")


def test_page_of_a_classifier(tmp_path):
    scores = [[float(x) for x in row] for row in SCORES]
    langs = {"u0": "de", "u1": "de", "u2": "fr", "u3": "fr"}
    tables = {"utt2label": REFS, "utt2lang": langs}
    predict(tmp_path, "label", scores, tables, labels=NAMES)
    found = write_report(
        tmp_path, Expected(scoring=SCORING), command="x", resampling=Resampling(num_resamples=50)
    )
    (record,) = found["conditions"]
    figure = record["accuracy"]
    assert (figure["rate"], figure["num_right"], figure["num_utts"]) == (50.0, 2, 4)
    assert figure["ci95"][0] < 50 < figure["ci95"][1]
    assert record["by_lang"]["de"]["accuracy"]["rate"] == 100.0
    assert found["pictures"] == ["confusion_test_A_clean.png"]
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "### Accuracy by mode and noise (percent, higher is better" in page
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8")) == found


def test_what_cannot_be_scored_is_named(tmp_path):
    scores = [[float(x) for x in row] for row in SCORES]
    blind = predict(tmp_path / "a", "label", scores, {}, labels=NAMES)
    with pytest.raises(DataDirError, match=r"ref\.label: missing; the test set had no utt2label"):
        score_condition(blind, SCORING)
    folder = predict(tmp_path / "b", "label", scores, {"utt2label": REFS}, labels=NAMES)
    (folder / "label").write_text("u0 cat\n", encoding="utf-8")
    with pytest.raises(DataDirError, match=r"A_clean: u1: no hypothesis"):
        score_condition(folder, SCORING)
