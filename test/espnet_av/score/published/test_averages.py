"""Printed averages beside their rows, and scores that two tables give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from espnet_av.config import build
from espnet_av.score.published.averages import (
    AverageCheck,
    check_averages,
    find_conflicts,
    mean_of,
    num_repeated,
)
from espnet_av.score.published.expected import read_expected
from espnet_av.score.published.tables import Place, Published, read_rows

ROOT = Path(__file__).resolve().parents[4]
RECIPES = sorted(ROOT.glob("egs2/*/*/expected_scores.yaml"))
MUAVIC = ROOT / "egs2/muavic"


def published(*tables: list[list[Any]]) -> Published:
    """Tables of one system `one` in English and French, numbered from 1, by their rows."""
    content = {
        "languages": ["en", "fr"],
        "sets": {"avg": "test_{lang}", "ood": "other_{lang}"},
        "systems": {"one": "One"},
        "tables": [
            {
                "number": str(number),
                "title": "A table",
                "source": "A paper",
                "columns": ["noise", "system", "mode", "en", "fr", "avg"],
                "rows": rows,
            }
            for number, rows in enumerate(tables, 1)
        ],
    }
    return build(Published, content, "here")


def test_mean_of_the_cells_of_an_average() -> None:
    content = published([["clean", "one", "A", 1.0, 4.0, 2.5]])
    (row,) = read_rows(content.tables[0], content)
    place = Place("one", "A", "clean", "avg", None)
    assert mean_of(row, ["en", "fr"], place) == 2.5
    assert mean_of(row, ["en"], place) == 1.0
    assert mean_of(row, ["en", "de"], place) is None
    assert mean_of(row, [], place) is None
    for other in (
        Place("two", "A", "clean", "avg", None),
        Place("one", "AV", "clean", "avg", None),
        Place("one", "A", "babble:0", "avg", None),
        Place("one", "A", "clean", "ood", None),
    ):
        assert mean_of(row, ["en", "fr"], other) is None


def test_an_average_needs_every_language_and_to_be_printed() -> None:
    content = published(
        [
            ["clean", "one", "A", 1.0, 2.0, 1.5],
            ["clean", "one", "V", 1.0, None, 1.5],
            ["clean", "one", "AV", 1.0, 3.0, None],
            ["babble:0", "one", "A", 5.0, 6.0, 9.0],
        ]
    )
    checks = check_averages(content)
    assert checks == [
        AverageCheck("1", "clean, one, A", 1.5, 1.5),
        AverageCheck("1", "babble:0, one, A", 9.0, 5.5),
    ]
    assert [check.agrees for check in checks] == [True, False]


@pytest.mark.parametrize(
    ("printed", "agrees"), [(1.6, True), (1.4, True), (1.61, False), (1.39, False)]
)
def test_an_average_may_be_off_by_rounding(printed: float, agrees: bool) -> None:
    (check,) = check_averages(published([["clean", "one", "A", 1.0, 2.0, printed]]))
    assert check.agrees is agrees


def test_scores_of_one_place_that_differ_are_told_with_their_tables() -> None:
    content = published(
        [["clean", "one", "A", 1.0, 2.0, 1.5], ["babble:0", "one", "A", 7.0, 9.0, 8.0]],
        [["clean", "one", "A", 1.0, 2.5, None], ["babble:0", "one", "A", None, 9.0, 8.25]],
        [["clean", "one", "A", None, 2.0, 1.5]],
    )
    assert find_conflicts(content) == [
        "one A clean fr: 2 in table 1/3, 2.5 in table 2",
        "one A babble:0 avg: 8 in table 1, 8.25 in table 2",
    ]
    # en, fr, avg of clean; fr, avg of babble: each in two tables or more; en of babble in one.
    assert num_repeated(content) == 5


def test_one_table_alone_repeats_nothing() -> None:
    content = published([["clean", "one", "A", 1.0, 1.0, 1.0]])
    assert find_conflicts(content) == [] and num_repeated(content) == 0


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_every_recipe_agrees_with_itself(path: Path) -> None:
    expected = read_expected(path)
    assert [check for check in check_averages(expected) if not check.agrees] == []
    assert find_conflicts(expected) == []


def test_how_much_of_the_paper_is_checked() -> None:
    avsr, avst = (
        read_expected(MUAVIC / name / "expected_scores.yaml") for name in ("avsr1", "avst1")
    )
    assert (len(check_averages(avsr)), len(check_averages(avst))) == (82, 24)
    assert num_repeated(avsr) > 100


def test_without_its_erratum_table_9_contradicts_itself_and_others(tmp_path: Path) -> None:
    content = yaml.safe_load((MUAVIC / "avsr1" / "expected_scores.yaml").read_text())
    for table in content["tables"]:
        table.pop("errata", None)
    path = tmp_path / "expected_scores.yaml"
    path.write_text(yaml.safe_dump(content))
    expected = read_expected(path)
    (wrong,) = [check for check in check_averages(expected) if not check.agrees]
    assert (wrong.table, wrong.row) == ("9", "babble:0, xlavsr_300m, A")
    assert (wrong.printed, wrong.recomputed) == (53.4, pytest.approx(48.92, abs=0.01))
    assert find_conflicts(expected) == [
        "xlavsr_300m A babble:0 en: 42.4 in table 2/4/10, 2.4 in table 9",
        "xlavsr_2b AV noise:0 avg: 27 in table 7, 27.7 in table 8",
    ]
