"""Every scorer, a toy one more, and what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from oracles.decoded import write_condition

from espnet_av.bin import score as score_bin
from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import rate_figure
from espnet_av.score.conditions import Decoded, read_rows
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import Scored, Scorer
from espnet_av.score.scorers import (
    SCORERS,
    check_fed,
    check_scoring,
    metric_of,
    score_condition,
    scorer_of,
)
from espnet_av.score.scoring import Scoring

EXACT = Metric(name="exact", title="Exact", words="sentences right", digits=2)


@dataclass(frozen=True)
class Sentences(Scored):
    condition: Decoded
    refs: dict[str, str]
    hyps: dict[str, str]

    def figures(self, utt_ids, resampling, axes):
        right = [self.refs[utt_id] == self.hyps[utt_id] for utt_id in sorted(utt_ids)]
        figure: dict[str, Any] = rate_figure(right, [1] * len(right), resampling)
        return {EXACT.name: figure | {"num_utts": len(right)}}


def read(condition, scoring):
    rows = [read_rows(condition.folder / name) for name in ("ref", "text")]
    return Sentences(condition, *rows)


def test_a_toy_metric_is_one_entry(tmp_path, monkeypatch, capsys):
    """From the folder to targets, page and pictures, without a change elsewhere."""
    toy = Scorer(name="sentences", kind="text", metrics=(EXACT,), read=read)
    monkeypatch.setitem(SCORERS, "sentences", toy)
    for noise, rate in (("clean", 0.1), ("babble:0", 0.4)):
        write_condition(tmp_path / "d", "A", noise, rate, num_utts=20, langs=("de", "en"))
    expected = tmp_path / "expected_scores.yaml"
    expected.write_text(
        "scoring: {metric: exact}\ntargets: [{set: test, mode: A, target: 99}]\n", encoding="utf-8"
    )
    arguments = ["--expected", str(expected), "--num_resamples", "20", "--strict"]
    assert score_bin.main([*arguments, str(tmp_path / "d")]) == 1, "the target is missed"
    scores = json.loads((tmp_path / "d" / "scores.json").read_text(encoding="utf-8"))
    figures = {record["noise"]: record["exact"]["rate"] for record in scores["conditions"]}
    assert figures["babble:0"] < figures["clean"] < 100
    page = (tmp_path / "d" / "RESULTS.md").read_text(encoding="utf-8")
    assert "### Exact by mode and noise (percent, higher is better" in page
    assert f"|test|A|clean|Exact|>= 99.00|{figures['clean']:.2f}|" in page
    assert "### Exact % by language" in page
    assert (tmp_path / "d" / "exact_over_snr_test_babble.png").is_file()
    assert "MISSED" in capsys.readouterr().out


def test_every_metric_has_one_scorer():
    names = [metric.name for scorer in SCORERS.values() for metric in scorer.metrics]
    assert len(names) == len(set(names))
    for name in names:
        assert metric_of(name) in scorer_of(name).metrics
    assert [name for name, scorer in SCORERS.items() if name != scorer.name] == []


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        (Scoring(metric="ter"), "here: metric: 'ter' is not a choice; did you mean 'wer'"),
        (Scoring(metric="cer", tokenize="zh"), "tokenisers are of BLEU; set tokenize: by_language"),
        (Scoring(metric="bleu", normaliser="basic"), "on texts as they are; set normaliser: none"),
    ],
)
def test_scoring_that_makes_no_sense(scoring, message):
    with pytest.raises(ConfigError, match=message):
        check_scoring(scoring, "here")


def test_predictions_that_cannot_feed_a_metric(tmp_path):
    check_fed("cer", "text", "exp/x")
    with pytest.raises(ConfigError, match=r"exp/x: predicts toys, .*wer is of text.*nothing here"):
        check_fed("wer", "toys", "exp/x")
    folder = write_condition(tmp_path, "A", "clean", 0.1, num_utts=3)
    info = json.loads((folder / "decode.json").read_text(encoding="utf-8"))
    (folder / "decode.json").write_text(json.dumps(info | {"kind": "toys"}), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"A_clean: predicts toys"):
        score_condition(folder, Scoring())
