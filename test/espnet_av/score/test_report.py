"""`scores.json`: what is judged, where it came from, and what it is compared with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from oracles.decoded import write_condition

from espnet_av.config import build
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score import report as module
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.expected import Expected
from espnet_av.score.report import write_report

TRAINING = {"steps": 7, "data_sec": 7200, "train_sec": 3600, "hardware": "1 CPU"}
RIGHT, WRONG = {"a": ("x y", "x y")}, {"a": ("x y", "x z")}


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the pictures are asked to show, in place of pictures."""
    asked: list[Any] = []
    monkeypatch.setattr(
        module, "_draw", lambda folder, judged, *_: asked.append(judged) or ["drawn.png"]
    )
    return asked


def judge(root: Path, expected: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    made = build(Expected, expected or {}, "expected")
    resampling = Resampling(num_resamples=10)
    scores = write_report(root, made, command="score it", resampling=resampling, **options)
    assert json.loads((root / "scores.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(scores)
    )
    assert (root / "RESULTS.md").is_file()
    return scores


def test_conditions_with_and_without_all_video_stay_apart(
    tmp_path: Path, undrawn: list[Any]
) -> None:
    write_condition(tmp_path, "AV", "clean", 0.0, texts=RIGHT)
    write_condition(tmp_path, "AV", "clean", 0.0, texts=WRONG, missing_video="start:0.5")
    scores = judge(tmp_path)
    (complete,), (lost,) = scores["conditions"], scores["missing_video"]
    assert (complete["wer"]["rate"], lost["wer"]["rate"]) == (0.0, 50.0)
    assert complete["folder"] == "test/AV_clean" and lost["missing_video"] == "start:0.5"
    assert scores["pictures"] == ["drawn.png"]
    assert [record for _, record in undrawn[0]] == [complete]
    assert (tmp_path / "test/AV_clean/score_wer/result.txt").is_file()


def test_targets_groups_and_derived_figures(tmp_path: Path) -> None:
    write_condition(tmp_path, "A", "clean", 0.0, texts=RIGHT, set_name="de")
    write_condition(tmp_path, "A", "clean", 0.0, texts=WRONG, set_name="fr")
    targets = [
        {"set": "de", "mode": "A", "target": 0.0},
        {"set": "both", "mode": "A", "target": 24.0},
        {"set": "gap", "mode": "A", "target": 50.0},
        {"set": "es", "mode": "A", "target": 1.0},
    ]
    scores = judge(
        tmp_path,
        {"groups": {"both": ["de", "fr"]}, "derived": {"gap": "fr - de"}, "targets": targets},
    )
    found = {row["set"]: (row["got"], row["met"]) for row in scores["targets"]}
    assert found == {
        "de": (0.0, True), "both": (25.0, False), "gap": (50.0, True), "es": (None, None),
    }  # fmt: skip
    assert "derived" not in judge(tmp_path)


def test_where_the_numbers_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_condition(tmp_path / "d", "A", "clean", 0.0, texts=RIGHT)
    assert judge(tmp_path / "d")["training"] == {}
    Path("exp/avsr").mkdir(parents=True)
    Path("exp/avsr/train_summary.json").write_text(json.dumps(TRAINING), encoding="utf-8")
    scores = judge(tmp_path / "d", {"scoring": {"metric": "cer"}})
    wanted = {
        "command": "score it", "decode_command": "decode.py out", "training": TRAINING,
        "decode_config": "method: ctc_prefix, beam_size: 8", "system": None, "tables": [],
    }  # fmt: skip
    assert {key: scores[key] for key in wanted} == wanted
    assert scores["scoring"]["metric"] == "cer" and scores["bootstrap"]["num_resamples"] == 10
    Path("exp/avsr/train_summary.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataDirError, match=r"train_summary\.json.*the page then says less"):
        judge(tmp_path / "d")


def test_mistakes_are_found_before_anything_is_judged(tmp_path: Path) -> None:
    write_condition(tmp_path, "A", "clean", 0.0, texts=RIGHT)
    with pytest.raises(ConfigError, match="metric: 'wre' is not a choice; did you mean 'wer'"):
        judge(tmp_path, {"scoring": {"metric": "wre"}})
    with pytest.raises(ConfigError, match="nobody"):
        judge(tmp_path, system="nobody")
    with pytest.raises(ConfigError, match="predicts text, but metric der is of activity"):
        judge(tmp_path, {"scoring": {"metric": "der"}})
    assert not (tmp_path / "scores.json").exists()
