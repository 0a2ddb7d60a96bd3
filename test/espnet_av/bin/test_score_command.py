"""The score command: files, tables, targets, errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from oracles.decoded import write_condition

from espnet_av.bin import score
from espnet_av.score import report

TARGETS = (
    "- {set: test, mode: AV, noise: clean, target: 90, note: easy}\n"
    "- {set: test, mode: AV, noise: 'babble:20', target: 5, note: never decoded}\n"
)


@pytest.fixture
def decoded(tmp_path: Path) -> Path:
    root = tmp_path / "decode"
    for mode, noise, error_rate in (
        ("A", "clean", 0.1),
        ("A", "babble:0", 0.7),
        ("V", "clean", 0.3),
        ("AV", "clean", 0.0),
        ("AV", "babble:0", 0.2),
    ):
        write_condition(root, mode, noise, error_rate, num_utts=20, langs=("en", "fr"))
    return root


@pytest.fixture
def targets(tmp_path: Path) -> Path:
    path = tmp_path / "expected_scores.yaml"
    path.write_text(TARGETS)
    return path


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time and has its own tests."""
    monkeypatch.setattr(report, "_draw", lambda *_: [])


def test_scores_table_and_pictures(decoded, targets, capsys):
    assert score.main(["--expected", str(targets), str(decoded)]) == 0
    scores = json.loads((decoded / "scores.json").read_text())
    found = {(row["mode"], row["noise"]): row for row in scores["conditions"]}
    assert len(found) == 5
    assert found["AV", "clean"]["wer"]["rate"] == 0.0
    noisy = found["A", "babble:0"]["wer"]
    assert 50 < noisy["rate"] < 90
    assert noisy["ci95"][0] < noisy["rate"] < noisy["ci95"][1]
    assert noisy["num_ref"] == noisy["hits"] + noisy["substitutions"] + noisy["deletions"] == 120
    assert set(found["A", "clean"]["by_lang"]) == {"en", "fr"}
    assert len(found["A", "clean"]["accuracy_by_position"]) == 6
    for name in scores["pictures"]:
        assert (decoded / name).read_bytes().startswith(b"\x89PNG")
    assert "wer_over_snr_test_babble.png" in scores["pictures"]
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].split() == ["test", "WER", "%", "clean", "babble", "0", "dB"]
    assert "(target <= 90) met" in printed
    assert "AV babble:20 wer: not run here" in printed


@pytest.mark.usefixtures("no_pictures")
def test_results_page(decoded, targets):
    score.main(["--expected", str(targets), str(decoded)])
    page = (decoded / "RESULTS.md").read_text()
    assert "|dataset|Snt|Wrd|Corr|Sub|Del|Ins|Err|S.Err|" in page
    assert "|test/AV_clean|20|120|100.0|0.0|0.0|0.0|0.0|0.0|" in page
    assert "|test|AV|babble:20|WER|<= 5.0|not run here||" in page
    assert "- parameters: 1.23 M" in page
    assert "python -m espnet_av.bin.score --expected" in page
    root = Path(score.__file__).resolve().parents[2]
    shown = subprocess.run(
        [sys.executable, str(root / "utils" / "show_results.py"), str(decoded / "scores.json")],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
    )
    assert shown.stdout == page


@pytest.mark.usefixtures("no_pictures")
def test_alignments_are_written_beside_the_texts(decoded):
    score.main([str(decoded)])
    folder = decoded / "test" / "A_babble_0dB"
    words = (folder / "score_wer" / "result.txt").read_text()
    assert words.count("Scores: (#C #S #D #I)") == 20
    assert "Eval:" in (folder / "score_cer" / "result.txt").read_text()


@pytest.mark.usefixtures("no_pictures")
def test_same_seed_same_scores(decoded):
    def conditions():
        score.main([str(decoded)])
        return json.loads((decoded / "scores.json").read_text())["conditions"]

    assert conditions() == conditions()


@pytest.mark.usefixtures("no_pictures")
def test_the_bootstrap_is_as_asked_for(decoded):
    def interval(*options):
        score.main([*options, str(decoded)])
        scores = json.loads((decoded / "scores.json").read_text())
        assert scores["normaliser"] == "none"
        (row,) = [r for r in scores["conditions"] if r["folder"] == "test/A_babble_0dB"]
        return scores["bootstrap"], row["wer"]["ci95"]

    few = ("--normaliser", "none", "--num_resamples", "20", "--seed")
    (settings, first), (_, again), (_, other) = (interval(*few, seed) for seed in "778")
    assert settings == {"num_resamples": 20, "seed": 7}
    assert first == again != other


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(("limit", "code"), [(90, 0), (-1, 1)])
def test_strict_fails_when_a_target_is_missed(decoded, tmp_path, limit, code):
    path = tmp_path / "targets.yaml"
    path.write_text(f"- {{set: test, mode: A, noise: clean, target: {limit}}}\n")
    assert score.main(["--strict", "--expected", str(path), str(decoded)]) == code
    assert score.main(["--expected", str(path), str(decoded)]) == 0


@pytest.mark.usefixtures("no_pictures")
def test_training_record_is_shown(decoded, tmp_path):
    for info_path in decoded.glob("*/*/decode.json"):
        info = json.loads(info_path.read_text())
        info_path.write_text(json.dumps({**info, "exp_dir": str(tmp_path / "exp")}))
    (tmp_path / "exp").mkdir()
    record = {"data_sec": 7200, "train_sec": 90, "steps": 1200, "hardware": "2 CPU cores"}
    (tmp_path / "exp" / "train_summary.json").write_text(json.dumps(record))
    score.main([str(decoded)])
    page = (decoded / "RESULTS.md").read_text()
    assert "- training data: 2.00 h\n- training: 1.5 min on 2 CPU cores, 1200 steps" in page


def spoil_missing(folder: Path) -> None:
    text = (folder / "text").read_text().splitlines(keepends=True)
    (folder / "text").write_text("".join(text[:-1]))


def spoil_empty_reference(folder: Path) -> None:
    lines = (folder / "ref").read_text().splitlines()
    (folder / "ref").write_text("\n".join([lines[0].split()[0], *lines[1:]]) + "\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_missing, "A_clean: s1-019: no hypothesis"),
        (spoil_empty_reference, "A_clean: s1-000: the reference is empty"),
        (lambda folder: (folder / "ref").unlink(), "A_clean/ref: missing"),
        (lambda folder: (folder / ".done").unlink(), "decoding did not finish"),
    ],
)
def test_errors_name_the_place(decoded, spoil, message):
    spoil(decoded / "test" / "A_clean")
    with pytest.raises(SystemExit, match=re.escape(message)):
        score.main([str(decoded)])
    assert not (decoded / "scores.json").exists()


@pytest.mark.usefixtures("no_pictures")
def test_an_empty_hypothesis_is_a_result(decoded):
    folder = decoded / "test" / "AV_clean"
    lines = (folder / "text").read_text().splitlines()
    (folder / "text").write_text("\n".join([lines[0].split()[0] + " ", *lines[1:]]) + "\n")
    assert score.main([str(decoded)]) == 0
    scores = json.loads((decoded / "scores.json").read_text())
    (row,) = [r for r in scores["conditions"] if r["folder"] == "test/AV_clean"]
    assert row["wer"]["deletions"] == 6


def test_nothing_decoded(tmp_path):
    with pytest.raises(SystemExit, match=r"run the decode stage \(10\) first"):
        score.main([str(tmp_path)])
