"""Published tables: what a row means, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from espnet_av.errors import ConfigError
from espnet_av.score.published.expected import read_expected
from espnet_av.score.published.tables import Place, read_rows

ROOT = Path(__file__).resolve().parents[4]
MUAVIC = ROOT / "egs2/muavic"
SMALL = {
    "languages": ["en", "fr"],
    "sets": {"avg": "test_{lang}"},
    "systems": {"one": "One"},
    "tables": [
        {
            "number": "1",
            "title": "A table",
            "source": "A paper",
            "columns": ["noise", "system", "mode", "en", "fr", "avg"],
            "rows": [["clean", "one", "A", 1.0, 2.0, 1.5]],
        }
    ],
}


def written(tmp_path, **changes):
    """SMALL with changes of its table."""
    content = {**SMALL, "tables": [{**SMALL["tables"][0], **changes}]}
    path = tmp_path / "expected_scores.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def cells_of(expected):
    return {
        (table.number, cell.place): cell.value
        for table in expected.tables
        for row in read_rows(table, expected)
        for cell in row.cells
    }


def test_how_much_of_the_paper_is_there():
    avsr = read_expected(MUAVIC / "avsr1" / "expected_scores.yaml")
    avst = read_expected(MUAVIC / "avst1" / "expected_scores.yaml")
    sizes = {t.number: (len(t.rows), len(t.figures)) for e in (avsr, avst) for t in e.tables}
    assert sizes == {
        "2": (18, 11),
        "3": (16, 8),
        "4": (8, 11),
        "5": (8, 8),
        "7": (5, 8),
        "8": (20, 10),
        "9": (20, 11),
        "10": (16, 11),
        "B": (2, 1),
    }


def test_some_cells_of_the_paper():
    cells = cells_of(read_expected(MUAVIC / "avsr1" / "expected_scores.yaml"))
    cells |= cells_of(read_expected(MUAVIC / "avst1" / "expected_scores.yaml"))
    assert cells["2", Place("xlavsr_2b", "AV", "babble:0", "avg", "el")] == 38.6
    assert cells["2", Place("xlavsr_2b", "AV", "babble:0", "ood", None)] is None
    assert cells["3", Place("xlavsr_2b", "A", "babble:0", "ood", None)] == 6.4
    assert cells["7", Place("xlavsr_2b", "AV", "noise:0", "avg", None)] == 27.7
    assert cells["8", Place("u_hubert", "A", "noise:0", "avg", "ru")] == 56.2
    assert cells["9", Place("learned_afe", "A", "babble:0", "avg", "en")] == 183.6
    assert cells["9", Place("xlavsr_300m", "A", "babble:0", "avg", "en")] == 42.4
    assert cells["10", Place("xlavsr_2b_a_only", "AV", "babble:0", "avg", None)] == 37.2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": [["clean", "one", "A", 1.0]]}, "table 1: row 1: 4 cells under 6 columns"),
        ({"rows": [["clean", "ones", "A", 1, 2, 3]]}, "unknown key 'ones'; did you mean 'one'"),
        ({"rows": [["clean", "one", "B", 1, 2, 3]]}, "'B' is not a mode"),
        ({"rows": [["loud", "one", "A", 1, 2, 3]]}, "expected 'clean' or 'category:dB'"),
        ({"rows": [["clean", "one", "A", 1, "-", 3]]}, "row 1, fr: '-' is no number; write null"),
        ({"columns": ["noise", "system", "mode", "en", "fr", "de"]}, "columns: de: unknown key"),
        ({"columns": ["noise", "system", "mode", "en", "fr", "ood"]}, "`sets` does not name"),
        ({"errata": [("A", "en", "1.0")]}, "names no row of this table"),
        ({"errata": [("clean one A", "fr", "3.0")]}, "'3.0' is printed, the row 2.0"),
    ],
)
def test_mistakes_are_named(tmp_path, changes, message):
    if "errata" in changes:
        row, column, printed = changes["errata"][0]
        erratum = {"row": row.split(), "column": column, "printed": printed, "value": 9.0}
        changes = {"errata": [{**erratum, "reason": "so"}]}
    with pytest.raises(ConfigError, match=message):
        read_expected(written(tmp_path, **changes))


GROUPED = {
    **SMALL,
    "groups": {"high": ["test_en"], "low": ["test_fr"]},
    "derived": {"gap": "high - low"},
    "scoring": {"metric": "bleu"},
}


def grouped(tmp_path, **changes):
    table = {**SMALL["tables"][0], "columns": ["system", "mode", "high", "low", "gap"], **changes}
    path = tmp_path / "expected_scores.yaml"
    path.write_text(yaml.safe_dump({**GROUPED, "tables": [table]}))
    return path


def test_figures_of_groups_in_another_metric(tmp_path):
    expected = read_expected(
        grouped(tmp_path, rows=[["one", "A", 0.38, 0.24, None]], metric="gleu", scale=100)
    )
    high = Place("one", "A", "clean", "avg", None, made="high", metric="gleu")
    low, gap = (replace(high, made=name) for name in ("low", "gap"))
    assert cells_of(expected) == {("1", high): 38.0, ("1", low): 24.0, ("1", gap): None}
    assert expected.test_sets(gap) == ["gap"]


def test_a_group_that_is_none_and_a_metric_that_is_none(tmp_path):
    rows = [["one", "A", 1.0, 2.0, 3.0]]
    with pytest.raises(ConfigError, match=r"'hihg'.* did you mean 'high'"):
        read_expected(
            grouped(tmp_path, rows=rows, columns=["system", "mode", "hihg", "low", "gap"])
        )
    with pytest.raises(ConfigError, match="metric: 'glue' is not a choice; did you mean 'gleu'"):
        read_expected(grouped(tmp_path, rows=rows, metric="glue"))
