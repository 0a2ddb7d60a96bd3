"""Table 1 of multi-stage training: as printed, its averages, and an experiment for each row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from list_plans import check_config, commands, overrides, start, trainings

from espnet_av.bin.tables import main
from espnet_av.score.published.expected import read_expected
from espnet_av.score.published.tables import read_rows

RECIPE = Path(__file__).resolve().parents[2] / "egs2/librispeech/asr1"
EXPECTED = read_expected(RECIPE / "expected_scores.yaml")
(TABLE,) = EXPECTED.tables
ROWS = {
    row.leads["system"]: [cell.value for cell in row.cells] for row in read_rows(TABLE, EXPECTED)
}
LANGUAGES = ("de", "it", "nl")


def test_all_cells_are_there() -> None:
    assert len(ROWS) == 37 and all(None not in cells for cells in ROWS.values())
    assert ROWS["scratch"] == [6.84, 12.91] and ROWS["mae_lrs3_it"] == [4.21, 9.53]
    assert list(EXPECTED.systems) == list(ROWS)
    best = [min(ROWS, key=lambda name: ROWS[name][place]) for place in (0, 1)]
    assert best == ["mae_lrs3_it"] * 2


def test_where_mid_training_hurts() -> None:
    pairs = [
        (ROWS[f"{name.removesuffix('_none')}_{lang}"], cells)
        for name, cells in ROWS.items()
        if name.endswith("_none")
        for lang in LANGUAGES
    ]
    worse = [sum(after[place] > before[place] for after, before in pairs) for place in (0, 1)]
    assert len(pairs) == 27 and worse == [6, 4]
    below = {name for name, cells in ROWS.items() if cells[0] > ROWS["scratch"][0]}
    assert {name for name in below if name.endswith("_none")} == {
        "mae_k600_none", "clr_k600_none", "both_lrs3_none"
    }  # fmt: skip


def test_what_the_text_says_is_recomputed(capsys: pytest.CaptureFixture[str]) -> None:
    checks = EXPECTED.check_statements()
    wrong = [check.statement.about for check in checks if not check.agrees]
    assert len(checks) == 13 and wrong == ["best gain over pre-training alone"]
    main([str(RECIPE), "--paper_only"])
    printed = capsys.readouterr().out
    assert "MAE on LRS3, then en-it              A           4.21        9.53" in printed
    assert "Figures of the text recomputed: 13; 1 differ." in printed
    assert "printed 38.45, recomputed 10.99; the text says so of 4.21" in printed


@pytest.fixture(scope="module")
def found() -> list[str]:
    return commands(RECIPE / "run.sh")


def test_every_row_is_an_experiment(found: list[str]) -> None:
    trained = trainings(found)
    assert len(trained) == 9 + 27 + 37
    scored = dict(re.findall(r"--system (\S+) none/exp/(\w+)/decode", "\n".join(found)))
    assert scored == {name: name for name in ROWS}
    for name in ROWS.keys() - {"scratch"}:
        pre, _, last = name.rpartition("_")
        assert start(trained[name]) == (f"pre_{pre}" if last == "none" else f"mid_{name}")
        if last != "none":
            assert start(trained[f"mid_{name}"]) == f"pre_{pre}"
            assert f"dump/train_en_{last} " in trained[f"mid_{name}"]
            assert f"dataset.target_lang={last}" in overrides(trained[f"mid_{name}"])
    (table,) = [line for line in found if "bin.effects " in line]
    assert len(re.findall(r"exp/(\w+)/decode/scores.json", table)) == 37


@pytest.mark.parametrize("name", ["scratch", "mid_clr_vc2_nl", "pre_clr_vc2"])
def test_configurations_take_what_they_are_told(found: list[str], name: str) -> None:
    config = check_config(trainings(found)[name], RECIPE)
    assert config.init_param == (() if name != "mid_clr_vc2_nl" else config.init_param)


def test_variants_start_from_the_best_row() -> None:
    listed = yaml.safe_load((RECIPE / "conf/experiments_variants.yaml").read_text("utf-8"))
    trained = trainings(
        commands(RECIPE / "run.sh", "--experiments", "conf/experiments_variants.yaml")
    )
    assert list(trained) == list(listed["experiments"])
    assert all("init_param=[exp/mid_mae_lrs3_it]" in command for command in trained.values())
    frozen = check_config(trained["mae_lrs3_it_frozen"], RECIPE)
    assert frozen.freeze_param == ("frontend.", "encoder.")
    assert "token_list/char" in trained["mae_lrs3_it_char"]
