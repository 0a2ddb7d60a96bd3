"""What a text says of means over rows."""

from __future__ import annotations

from typing import Any

import pytest

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.score.published.tables import Published

GROUPS = {"clean-set": ["t1"], "other-set": ["t2"]}
ROWS = [["a_none", "A", 8.0, 16.0], ["b_none", "A", 4.0, None], ["a_de", "A", 3.0, 9.0]]


def published(*statements: dict[str, Any]) -> Published:
    table = {
        "number": "1", "title": "t", "source": "s", "rows": ROWS, "statements": list(statements),
        "columns": ["system", "mode", "clean-set", "other-set"],
    }  # fmt: skip
    systems = {row[0]: row[0] for row in ROWS}
    return build(Published, {"systems": systems, "groups": GROUPS, "tables": [table]}, "x")


def said(
    printed: float, systems: list[str], column: str = "clean-set", **more: Any
) -> dict[str, Any]:
    return {"about": "it", "column": column, "systems": systems, "printed": printed, **more}


@pytest.mark.parametrize(
    ("statement", "value", "agrees"),
    [
        (said(6.0, ["*_none"]), 6.0, True),
        (said(16.0, ["*_none"], "other-set"), 16.0, True),
        (said(50.0, ["a_de"], against=["*_none"]), 50.0, True),
        (said(6.66, ["a_none", "a_*"]), 19 / 3, False),
        (said(6.33, ["a_none", "a_*"]), 19 / 3, True),
    ],
)
def test_means_and_gains(statement: dict[str, Any], value: float, agrees: bool) -> None:
    """A pattern that names several, and a system that is named twice counts twice."""
    (check,) = published(statement).check_statements()
    assert check.recomputed == pytest.approx(value) and check.agrees == agrees


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (said(1.0, ["c*"]), r"statements: it: c\*: no row with a figure is of this system"),
        (said(1.0, ["b*"], "other-set"), r"b\*: no row with a figure"),
        (said(1.0, ["a*"], "clean"), r"column clean: there are \['clean-set', 'other-set'\]"),
    ],
)
def test_statements_of_nothing(statement: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        published(statement)
