"""The tables command: what is printed, from which experiments, and mistakes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from espnet_av.bin import tables

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    source = ROOT / "egs2/muavic/avsr1/expected_scores.yaml"
    shutil.copy(source, tmp_path / "expected_scores.yaml")
    return tmp_path


def write_scores(recipe: Path, tag: str, system: str | None, **rates: float) -> Path:
    records = [
        {"set": name, "mode": "AV", "noise": "babble:0", "wer": {"rate": rate}}
        for name, rate in rates.items()
    ]
    scoring = {"metric": "wer", "normaliser": "whisper"}
    folder = recipe / "exp" / tag / "decode"
    folder.mkdir(parents=True)
    scores = {"system": system, "scoring": scoring, "conditions": records}
    (folder / "scores.json").write_text(json.dumps(scores))
    return folder / "scores.json"


def printed(capsys, *arguments) -> str:
    tables.main([str(argument) for argument in arguments])
    return capsys.readouterr().out


def test_the_paper_alone(recipe, capsys):
    out = printed(capsys, "--paper_only", recipe)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    row = "A 79.8 *42.4 100.1 69.4 56.2 39.9 33.4 40.5 45.4 53.0 53.4 53.37"
    assert f"+ A-only pre-training (XLAVS-R) {row}" in lines
    assert "Misprinted cells, corrected and marked with *: 2 (table 7, table 9)." in lines
    assert (
        "Averages recomputed: 82; 81 are the same to the printed digit, 1 differ by 0.1 at most "
        "(rounding), 0 by more." in lines
    )
    assert lines[-1].endswith("; 0 differ.")
    assert "not run here" not in out


def test_experiments_come_together_by_system(recipe, capsys):
    langs = ("en", "ar", "de", "el", "es", "fr", "it", "pt", "ru")
    write_scores(recipe, "two", "xlavsr_2b", **{f"test_{lang}": 40.0 for lang in langs})
    write_scores(recipe, "avh", "av_hubert", test_en=7.4)
    write_scores(recipe, "other", None, test_en=99.0)
    out = printed(capsys, recipe, "--markdown", "--numbers", "2", "7")
    assert "|||here|-|40.0|40.0|40.0|40.0|40.0|40.0|40.0|40.0|40.0|40.0|" in out
    assert "|||here - paper||+34.1|-53.5|-18.5|+1.4|" in out
    assert "|||here|-|7.4|not run here|not run here|" in out
    assert "|||here - paper||+1.0||" in out
    assert "99.0" not in out
    assert "|XLS-R 300M|A|paper (not run here)|74.4|43.8|" in out
    assert "\n\\* XLAVS-R 2B, noise 0 dB AV: the paper prints 27.; cut off; Table 8" in out
    assert "A difference below zero means that the score here is better" in out


def test_which_experiments_can_be_said(recipe, capsys):
    first = write_scores(recipe, "first", "xlavsr_2b", test_en=5.0)
    write_scores(recipe, "second", "xlavsr_2b", test_en=6.0)
    with pytest.raises(SystemExit, match=r"is also in .*first.*; name the experiments"):
        printed(capsys, recipe)
    out = printed(
        capsys, "--numbers", "2", "--scores", first, "--", recipe / "expected_scores.yaml"
    )
    assert "-0.9" in out


def test_mistakes_are_named(recipe, tmp_path, capsys):
    with pytest.raises(SystemExit, match="--numbers: unknown key '12'"):
        printed(capsys, recipe, "--numbers", "12")
    (recipe / "expected_scores.yaml").write_text("- {set: test, mode: A, target: 5}\n")
    with pytest.raises(SystemExit, match="no published tables in it"):
        printed(capsys, recipe)
    with pytest.raises(SystemExit, match="no such file"):
        printed(capsys, tmp_path / "none.yaml")


def test_a_recipe_of_translations(capsys):
    out = printed(capsys, ROOT / "egs2/muavic/avst1", "--numbers", "3")
    assert "babble 0 dB; BLEU, higher is better" in out
    assert "El-En" in out
    assert "A difference above zero means that the score here is better" in out
