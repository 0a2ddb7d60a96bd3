"""Frozen models by tasks: figures, the best, improvements in the right direction."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracles.probes import panel, scores_file

from espnet_av.errors import ConfigError
from espnet_av.score.probes.panel import Change, check_changes, read_panel

MID = Change("mid", "MAE", ("MAE de",))


def test_accuracies_gain_and_errors_are_saved() -> None:
    found = panel({("MAE", "KS"): [50.0], ("MAE de", "KS"): [75.0], ("MAE", "SD"): [20.0],
                   ("MAE de", "SD"): [25.0]})  # fmt: skip
    assert found.improvement(MID, "KS") == pytest.approx(50.0)
    assert found.improvement(MID, "SD") == pytest.approx(-25.0)
    assert (found.best("KS"), found.best("SD")) == ("MAE de", "MAE")


def test_the_mean_of_several_counts() -> None:
    found = panel({("MAE", "KS"): [50.0], ("de", "KS"): [60.0], ("it", "KS"): [80.0]})
    assert found.improvement(Change("x", "MAE", ("de", "it", "nl")), "KS") == pytest.approx(40.0)


def test_heads_that_are_missing_and_figures_of_nothing() -> None:
    found = panel({("MAE", "KS"): [0.0], ("MAE de", "KS"): [10.0], ("MAE", "SD"): [20.0]})
    assert found.improvement(MID, "KS") is None
    assert found.improvement(MID, "SD") is None and found.estimate("MAE de", "SD") is None


def test_models_that_are_not_there() -> None:
    found = panel({("MAE", "KS"): [50.0]})
    check_changes(found, [])
    with pytest.raises(ConfigError, match="--change 'mid': there is no model 'MAE de'"):
        check_changes(found, [MID])


def test_scores_are_read(tmp_path: Path) -> None:
    cells = [
        (task, model, [scores_file(tmp_path, f"{task}_{number}", metric, rate)])
        for number, model in enumerate(("MAE", "CLR"))
        for task, metric, rate in (("KS", "accuracy", 50.0 + number), ("PR", "per", 9.0))
    ]
    found = read_panel(cells)
    assert (found.models, found.tasks) == (("MAE", "CLR"), ("KS", "PR"))
    assert found.metric("PR").lower_is_better and not found.metric("KS").lower_is_better
    assert found.estimate("CLR", "KS").mean == 51.0
    with pytest.raises(ConfigError, match="KS, MAE: given twice"):
        read_panel([*cells, cells[0]])
    other = scores_file(tmp_path, "ks_2", "per", 9.0)
    with pytest.raises(ConfigError, match="way of scoring differs"):
        read_panel([*cells, ("KS", "HuBERT", [other])])


def test_a_head_has_one_test(tmp_path: Path) -> None:
    path = scores_file(tmp_path, "a", "accuracy", 50.0, sets=("test", "more"))
    with pytest.raises(ConfigError, match="was tested in test A clean, more A clean"):
        read_panel([("KS", "MAE", [path])])
