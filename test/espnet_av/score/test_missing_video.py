"""Missing video in scores: a table and a picture of their own, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from oracles.decoded import write_condition
from oracles.missing_records import COMPLETE, MISSING

from espnet_av.bin import score
from espnet_av.score import pictures, report
from espnet_av.score.missing_video import curves, missing_notes, missing_table
from espnet_av.score.text import WER


def test_table():
    listed = curves(COMPLETE, MISSING, "test")
    rows = missing_table(listed, "test", WER)
    assert rows == [
        ["test WER %, missing", "0 %", "25 %", "50 %", "100 %", "A (no video)"],
        ["V clean start", "30.0 [29.0, 31.0]", "-", "60.0 [59.0, 61.0]", "-", "-"],
        ["AV clean whole", "4.0 [3.0, 5.0]", "4.5 [3.5, 5.5]", "-", "-", "8.0 [7.0, 9.0]"],
        [
            "AV clean start", "4.0 [3.0, 5.0]", "-", "5.0 [4.0, 6.0]", "6.0 [5.0, 7.0]",
            "8.0 [7.0, 9.0]",
        ],
        [
            "AV babble 0 dB whole", "20.0 [19.0, 21.0]", "25.0 [24.0, 26.0]", "-", "-",
            "50.0 [49.0, 51.0]",
        ],
    ]  # fmt: skip
    assert missing_notes(listed) == ["whole:0.25 took 21 % of all frames."]


def test_sound_alone_need_not_have_been_run():
    listed = curves([], MISSING[:1], "test")
    assert missing_table(listed, "test", WER)[1] == [
        "AV babble 0 dB whole", "25.0 [24.0, 26.0]", "-",
    ]  # fmt: skip


@pytest.fixture
def decoded(tmp_path: Path) -> Path:
    root = tmp_path / "decode"
    for mode, error_rate, lost in (
        ("A", 0.3, None),
        ("AV", 0.0, None),
        ("AV", 0.3, "start:0.5"),
        ("AV", 0.6, "start:1"),
    ):
        write_condition(root, mode, "clean", error_rate, num_utts=9, missing_video=lost)
    return root


def test_the_other_tables_stay_as_they_are(decoded, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "plot_alignment", lambda *_, **__: None)
    monkeypatch.setattr(pictures, "plot_confusion", lambda *_: False)
    targets = tmp_path / "expected.yaml"
    targets.write_text("- {set: test, mode: AV, target: 0}\n")
    assert score.main(["--strict", "--expected", str(targets), str(decoded)]) == 0
    scores = json.loads((decoded / "scores.json").read_text())
    assert [row["folder"] for row in scores["conditions"]] == ["test/AV_clean", "test/A_clean"]
    assert [row["missing_video"] for row in scores["missing_video"]] == ["start:0.5", "start:1"]
    assert "wer_over_missing_video_test.png" in scores["pictures"]
    assert (decoded / "wer_over_missing_video_test.png").read_bytes().startswith(b"\x89PNG")
    page = (decoded / "RESULTS.md").read_text()
    assert "|AV|0.0 [0.0, 0.0]|\n" in page
    assert "### WER with missing video" in page
    assert "|test WER %, missing|0 %|50 %|100 %|A (no video)|" in page
    assert "|AV clean start|0.0 [0.0, 0.0]|" in page
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["AV", "clean", "start", "0.0", "[0.0,", "0.0]"] in [words[:6] for words in printed]
    assert (decoded / "test/AV_clean_start_1/score_wer/result.txt").is_file()


def test_nothing_missing_nothing_said(decoded, monkeypatch):
    monkeypatch.setattr(report, "_draw", lambda *_: [])
    for folder in (decoded / "test").glob("*start*"):
        (folder / "decode.json").unlink()
    info = json.loads((decoded / "test/A_clean/decode.json").read_text())
    del info["missing_video"]  # decoded before there was a choice
    (decoded / "test/A_clean/decode.json").write_text(json.dumps(info))
    score.main([str(decoded)])
    assert "missing video" not in (decoded / "RESULTS.md").read_text()
