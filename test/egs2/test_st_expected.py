"""Groups of languages and TRFGap: the paper's Table III from its Table V."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.score.published.derived import derived_records
from espnet_av.score.published.expected import compare, read_expected
from espnet_av.score.published.tables import read_rows
from espnet_av.score.scorers import metric_of

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = read_expected(ROOT / "egs2/covost2/st1/expected_scores.yaml")
# High, Mid, Low, TRFGap with one digit more than is printed.
GROUPS = {
    "samu_300m": (34.40, 31.08, 20.32, 14.08),
    "cascade": (32.58, 29.66, 22.49, 10.08),
    "transcripts": (36.43, 34.18, 27.91, 8.52),
}
PRINTED = {
    "samu_300m": (34.4, 31.1, 20.3, 14.1),
    "cascade": (32.6, 29.7, 22.5, 10.1),
    "transcripts": (36.4, 34.2, 27.9, 8.5),
    "xlsr_300m": (30.6, 18.9, 5.1, 25.1),
}


def records(system: str) -> list[dict[str, object]]:
    """Scores of a run that had the figures of a row of the paper."""
    (row,) = (r for r in read_rows(EXPECTED.tables[0], EXPECTED) if r.leads["system"] == system)
    return [
        {"set": name, "mode": "A", "noise": "clean", "bleu": {"rate": cell.value}}
        for cell in row.cells
        for name in EXPECTED.test_sets(cell.place)
    ]


def made(system: str) -> list[dict[str, object]]:
    parts = (EXPECTED.groups, EXPECTED.derived, records(system), [metric_of("bleu")])
    return derived_records(*parts)


@pytest.mark.parametrize("system", GROUPS)
def test_table_3_is_made_of_table_5(system: str) -> None:
    found = {record["set"]: record["bleu"]["rate"] for record in made(system)}
    figures = [found[name] for name in ("high", "mid", "low", "trfgap")]
    assert figures == pytest.approx(GROUPS[system], abs=0.006)
    assert figures == pytest.approx(PRINTED[system], abs=0.051)


def test_the_baseline_of_table_3_is_that_of_another_paper() -> None:
    found = {record["set"]: record["bleu"]["rate"] for record in made("xlsr_300m")}
    figures = [found[name] for name in ("high", "mid", "low")]
    assert figures == pytest.approx((32.7, 20.6, 6.0), abs=0.06)
    assert figures != pytest.approx(PRINTED["xlsr_300m"][:3], abs=0.5)


def test_the_groups_are_all_languages_once() -> None:
    named = [name for members in EXPECTED.groups.values() for name in members]
    assert sorted(named) == sorted(f"test_{lang}_en" for lang in EXPECTED.languages)
    assert [len(members) for members in EXPECTED.groups.values()] == [4, 5, 12]


def test_targets_are_compared_with_what_was_made() -> None:
    targets = [target for target in EXPECTED.targets if target.metric == "bleu"]
    found = compare(targets, [*records("samu_300m"), *made("samu_300m")])
    assert [round(c.got or 0.0, 2) for c in found] == [34.4, 31.08, 20.32, 14.08]


def test_gaps_of_other_metrics_are_those_of_their_groups() -> None:
    found: dict[str, dict[str, float]] = {}
    for target in EXPECTED.targets:
        found.setdefault(target.metric, {})[target.set] = target.target
    assert sorted(found) == ["bleu", "gleu", "nist", "rouge_l"]
    for name, figures in found.items():
        rounding = 1.5 * (0.1 if name in ("bleu", "nist") else 1.0)
        gap = figures["high"] - figures["low"]
        assert figures["trfgap"] == pytest.approx(gap, abs=rounding), name
