"""Paired tests of systems: from decoded folders, over seeds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from oracles.decoded import write_condition

from espnet_av.bin import compare
from espnet_av.bin import score as score_bin
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.seeds.paired import format_paired
from espnet_av.score.seeds.runs import System, read_system

RESAMPLING = Resampling(200)


@pytest.fixture(autouse=True)
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("espnet_av.score.report._draw", lambda *_: [])  # no need to look at it


def write_run(name: str, seed: int, error_rate: float, scoring: str = "metric: wer") -> Path:
    """An experiment that was decoded and scored; noise of the errors by the seed."""
    exp_dir = Path("exp") / f"{name}_s{seed}"
    for set_name in ("test_de", "test_fr"):
        folder = write_condition(
            exp_dir / "decode", "A", "clean", error_rate, set_name=set_name, seed=0, num_utts=40
        )
        info = json.loads((folder / "decode.json").read_text("utf-8"))
        info |= {"exp_dir": str(exp_dir), "train_seed": seed, "target_lang": "en"}
        (folder / "decode.json").write_text(json.dumps(info), encoding="utf-8")
    (exp_dir / "config.yaml").write_text(
        yaml.safe_dump({"seed": seed, "init_param": []}), encoding="utf-8"
    )
    (exp_dir / "inputs.yaml").write_text(yaml.safe_dump({"data": {}}), encoding="utf-8")
    Path("expected.yaml").write_text(f"scoring: {{{scoring}}}\n", encoding="utf-8")
    arguments = ["--expected", "expected.yaml", "--num_resamples", "5", str(exp_dir / "decode")]
    assert score_bin.main(arguments) == 0
    return exp_dir / "decode/scores.json"


def read(name: str, *paths: Path) -> System:
    return read_system(name, paths)


def rows_of(text: str) -> list[list[str]]:
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return lines[2:]


def test_a_clear_difference_and_none() -> None:
    worse = [write_run("worse", seed, 0.4) for seed in (1, 2)]
    better = [write_run("better", seed, rate) for seed, rate in ((1, 0.1), (2, 0.12))]
    systems = [read("worse", *worse), read("better", *better), read("again", *worse)]
    text = format_paired(systems, RESAMPLING)
    rows = {tuple(row[:3]): row[3:] for row in rows_of(text)}
    assert len(rows) == 8, "two systems, two sets, WER and CER"
    difference, interval, p_value = rows["better", "test_de A clean", "WER %"]
    rates = [
        np.mean([json.loads(path.read_text("utf-8"))["conditions"][0]["wer"]["rate"] for path in s])
        for s in (worse, better)
    ]
    assert difference == f"**{rates[1] - rates[0]:+.1f}**"
    assert float(p_value) < 0.01
    low, high = (float(part) for part in interval.strip("[]").split(", "))
    assert low < rates[1] - rates[0] < high < 0
    assert rows["again", "test_fr A clean", "CER %"] == ["+0.0", "[+0.0, +0.0]", "1.0000"]
    assert "200 draws of the test set, the mean over seeds" in text


def test_bleu_and_what_is_beside_it() -> None:
    scoring = "metric: bleu, metrics: [chrf2pp, rouge_l]"
    paths = [write_run(name, 1, rate, scoring) for name, rate in (("a", 0.3), ("b", 0.05))]
    text = format_paired([read("a", paths[0]), read("b", paths[1])], RESAMPLING)
    rows = {(row[1], row[2]): row[3:] for row in rows_of(text)}
    assert {metric for _, metric in rows} == {"BLEU", "chrF2++", "ROUGE-L"}
    assert all(figure.startswith("**+") for figure, _, _ in rows.values())


def test_compare_tests_pairs_where_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [write_run(name, 1, rate) for name, rate in (("a", 0.3), ("b", 0.1))]
    words = ["--system", "a", str(paths[0]), "--system", "b", str(paths[1])]
    compare.main(words)
    assert "drawn utterances" not in capsys.readouterr().out
    compare.main([*words, "--paired", "50"])
    assert "|b|test_de A clean|WER %|**-" in capsys.readouterr().out


def test_what_does_not_fit_is_named() -> None:
    paths = [write_run(name, 1, 0.2) for name in ("a", "b")]
    systems = [read("a", paths[0]), read("b", paths[1])]
    (paths[1].parent / "test_de/A_clean/.done").write_text("other\n", encoding="utf-8")
    with pytest.raises(DataDirError, match=r"b_s1/decode/test_de/A_clean: decoded again since exp"):
        format_paired(systems, RESAMPLING)


def test_figures_that_are_not_of_utterances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("espnet_av.score.text.ScoredText.sums", lambda *_: {})
    paths = [write_run(name, 1, 0.2) for name in ("a", "b")]
    with pytest.raises(ConfigError, match="figures of wer cannot be tested utterance by utterance"):
        format_paired([read("a", paths[0]), read("b", paths[1])], RESAMPLING)
