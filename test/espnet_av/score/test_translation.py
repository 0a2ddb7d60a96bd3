"""Translations of a condition are judged by BLEU, and by what else is asked for."""

import json
from collections.abc import Collection

import numpy as np
import pytest
from oracles.decoded import write_condition
from oracles.golden_texts import PAIRS

from espnet_av.bin import score as score_bin
from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import Resampling, Sums, percentage
from espnet_av.score.metric import Metric
from espnet_av.score.published.expected import read_expected
from espnet_av.score.record import as_records
from espnet_av.score.scorers import check_scoring, score_condition, settings_of
from espnet_av.score.scoring import Scoring
from espnet_av.score.text_metrics.registered import TEXT_METRICS
from espnet_av.score.text_metrics.text_metric import TextFigure, TextMetric, TextPairs

FEW = Resampling(num_resamples=20)
GOLDEN = {f"a-{n}": pair for n, pair in enumerate(PAIRS)}
OWN = ("chrf2pp", "gleu", "rouge_l", "nist")


def test_translations_are_scored_by_bleu(tmp_path):
    texts = {f"a-{i}": ("the cat sat on the mat", "the cat sat on the mat") for i in range(4)}
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts=texts)
    score = score_condition(folder, Scoring(metric="bleu"))
    (record,) = as_records(score, Resampling(num_resamples=50))
    assert record["bleu"]["rate"] == pytest.approx(100.0)
    assert record["bleu"]["ci95"] == pytest.approx([100.0, 100.0])
    assert "wer" not in record
    assert not set(TEXT_METRICS) & set(record), "nobody asked for more"
    assert np.isclose(record["bleu"]["brevity_penalty"], 1.0)


def test_further_metrics_of_the_golden_pairs(tmp_path):
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts=GOLDEN)
    (record,) = as_records(score_condition(folder, Scoring(metric="bleu", metrics=OWN)), FEW)
    found = {name: record[name]["rate"] for name in ("bleu", *OWN)}
    right = {"bleu": 32.279, "chrf2pp": 66.2, "gleu": 40.123, "rouge_l": 75.507, "nist": 4.01}
    assert found == pytest.approx(right, abs=5e-4)
    assert record["gleu"]["num_utts"] == 5
    low, high = record["rouge_l"]["ci95"]
    assert low < 75.507 < high


def test_each_language_has_its_figures(tmp_path):
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts=GOLDEN, langs=("de", "fr"))
    (record,) = as_records(score_condition(folder, Scoring(metric="bleu", metrics=OWN)), FEW)
    means = {lang: found["rouge_l"]["rate"] for lang, found in record["by_lang"].items()}
    # Pairs 1, 3, 5 and 2, 4 of golden values.
    assert means == pytest.approx({"de": 81.481, "fr": 66.544}, abs=1e-3)
    assert {found["chrf2pp"]["num_utts"] for found in record["by_lang"].values()} == {2, 3}


def test_what_looks_at_utterances_apart_is_measured_once(tmp_path, monkeypatch):
    asked: list[list[str]] = []

    def measure(texts: TextPairs) -> TextFigure:
        asked.append(texts.utt_ids)
        return TextFigure(Sums(np.array([[1.0, 1]] * len(texts.refs)), percentage), texts.model)

    metric = Metric(name="toy", title="Toy", words="toy")
    monkeypatch.setitem(TEXT_METRICS, "toy", TextMetric(metric=metric, measure=measure, apart=True))
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts=GOLDEN, langs=("de", "fr"))
    scoring = Scoring(metric="bleu", metrics=("toy",), metric_models={"toy": "net"})
    (record,) = as_records(score_condition(folder, scoring), FEW)
    assert asked == [list(GOLDEN)]
    assert record["toy"]["signature"] == "net"
    assert record["by_lang"]["fr"]["toy"]["num_utts"] == 2


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        (Scoring(metric="bleu", metrics=("glue",)), "metrics beside bleu: 'glue'.*mean 'gleu'"),
        (Scoring(metric="bleu", metrics=("wer",)), "metrics beside bleu: 'wer' is not a choice"),
        (Scoring(metric="wer", metrics=("cer",)), "all that it gives is there anyway; remove metr"),
        (Scoring(metric="r1", metric_models={"comet": "x"}), "anyway; remove metric_models"),
    ],
)
def test_metrics_that_cannot_be_beside_another(scoring, message):
    with pytest.raises(ConfigError, match=message):
        check_scoring(scoring, "here")


def test_only_what_has_more_tells_of_it():
    assert "metrics" not in settings_of(Scoring())
    assert settings_of(Scoring(metric="bleu", metrics=("gleu",)))["metrics"] == ["gleu"]


def score(tmp_path, scoring: str, rest: str) -> tuple[dict, str]:
    for name, pairs in (("fr", PAIRS[:3]), ("ta", PAIRS[2:])):
        texts = {f"{name}-{n}": pair for n, pair in enumerate(pairs)}
        write_condition(tmp_path / "d", "A", "clean", 0.0, set_name=f"test_{name}", texts=texts)
    expected = tmp_path / "expected_scores.yaml"
    expected.write_text(f"scoring: {{metric: {scoring}}}\n{rest}", encoding="utf-8")
    arguments = ["--expected", str(expected), "--num_resamples", "20", str(tmp_path / "d")]
    assert score_bin.main(arguments) == 0
    written = json.loads((tmp_path / "d" / "scores.json").read_text(encoding="utf-8"))
    return written, (tmp_path / "d" / "RESULTS.md").read_text(encoding="utf-8")


GROUPS = "groups: {high: [test_fr], low: [test_ta]}\nderived: {trfgap: high - low}\n"


def test_groups_and_gap_of_every_metric_that_is_asked_for(tmp_path):
    target = "targets: [{set: trfgap, mode: A, metric: rouge_l, target: 1, op: '<='}]\n"
    scores, page = score(tmp_path, "bleu, metrics: [rouge_l, chrf2pp]", GROUPS + target)
    rates = {r["set"]: r["rouge_l"]["rate"] for r in [*scores["conditions"], *scores["derived"]]}
    assert rates["trfgap"] == pytest.approx(rates["test_fr"] - rates["test_ta"], abs=2e-3)
    assert rates["trfgap"] == pytest.approx(71.678 - 76.389, abs=2e-3)
    assert scores["targets"][0]["met"] is True
    assert "### BLEU of groups" in page
    assert page.index("### BLEU") < page.index("### Further metrics")
    assert "|condition|ROUGE-L|chrF2++|" in page
    assert "- chrF2++ (higher is better): `nrefs:1|case:mixed|eff:yes|nc:6|nw:2|" in page
    assert "### ROUGE-L of groups, and made of them" in page
    assert "|trfgap A|-4.7|" in page


def test_bleu_alone_has_no_more_on_its_page(tmp_path):
    _, page = score(tmp_path, "bleu", GROUPS)
    assert "Further metrics" not in page
    assert "chrF" not in page


def test_another_one_may_be_the_first(tmp_path):
    scores, page = score(tmp_path, "chrf2pp", GROUPS)
    assert "### chrF2++ by mode and noise (points of 100, higher is better" in page
    assert "|test_fr chrF2++|clean|" in page
    assert set(scores["derived"][0]) >= {"bleu", "chrf2pp"}


def test_a_target_of_what_is_not_asked_for(tmp_path):
    path = tmp_path / "expected.yaml"
    path.write_text(
        "scoring: {metric: bleu, metrics: [nist]}\n"
        "targets: [{set: test, mode: A, metric: gleu, target: 38}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"gleu is not asked for; set scoring: \{metrics: \[nist"):
        read_expected(path)


def test_what_was_said_reaches_the_metric(tmp_path, monkeypatch):
    told: list[Collection[str]] = []

    def measure(texts: TextPairs) -> TextFigure:
        told.append(texts.sources.values())
        return TextFigure(Sums(np.ones((len(texts.refs), 2)), percentage), "")

    metric = Metric(name="toy", title="Toy", words="toy")
    monkeypatch.setitem(TEXT_METRICS, "toy", TextMetric(metric=metric, measure=measure))
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts={"a-0": ("a b", "a c")})
    score_condition(folder, Scoring(metric="toy")).figures({"a-0"}, FEW, {})
    (folder / "ref.source").write_text("a-0 ein B\n", encoding="utf-8")
    score_condition(folder, Scoring(metric="toy")).figures({"a-0"}, FEW, {})
    assert [list(texts) for texts in told] == [[], ["ein B"]]
