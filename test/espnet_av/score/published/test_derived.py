"""Means of groups and figures made of them, in targets and on the page."""

import pytest
from oracles.decoded import write_condition

from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.derived import check_derived, derived_records
from espnet_av.score.published.expected import read_expected
from espnet_av.score.report import write_report
from espnet_av.score.text import WER

RATES = {"de": 10.0, "fr": 20.0, "el": 40.0, "ru": 60.0}
GROUPS = {"high": ["de", "fr"], "low": ["el", "ru"], "both": ["high", "low"], "more": ["de", "xx"]}


def records(mode="A", **more):
    return [
        {"set": name, "mode": mode, "noise": "clean", "wer": {"rate": rate}, **more}
        for name, rate in RATES.items()
    ]


def made(text, some=None):
    found = derived_records(GROUPS, {"it": text}, some or records(), [WER])
    return {record["set"]: record["wer"]["rate"] for record in found}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("high - low", -35.0),
        ("-(high - low)", 35.0),
        ("100 * (low - high) / low", 70.0),
        ("de + fr * 2", 50.0),
        ("both", 32.5),
        ("high / (de - de)", None),
        ("high - more", None),
        ("high - nowhere", None),
    ],
)
def test_expressions(text, value):
    found = made(text)
    assert found.get("it") == value
    assert (found["high"], found["low"], "more" in found) == (15.0, 50.0, False)


def test_languages_of_one_set_and_modes_apart():
    by_lang = {lang: {"wer": {"rate": rate}} for lang, rate in RATES.items()}
    one = {"set": "test", "mode": "AV", "noise": "clean", "wer": {"rate": 9.0}, "by_lang": by_lang}
    lost = {**one, "missing_video": "start:0.5"}
    found = derived_records({"two": ["test/de", "test/ru"]}, {}, [one, lost, *records()], [WER])
    assert [(record["mode"], record["wer"]["rate"]) for record in found] == [("AV", 35.0)]


@pytest.mark.parametrize(
    "text",
    ["", "high -", "high ** 2", "f(high)", "high.x", "'a'", "True + 1", "high if low else 1",
     "__import__('os')", "[high]", "high < low", "1 +" * 200 + "1", "(" * 90 + ")" * 90],
)  # fmt: skip
def test_anything_else_is_no_expression(text):
    with pytest.raises(ConfigError, match=r"derived: it: .* is no expression; use names of groups"):
        check_derived({}, {"it": text})


@pytest.mark.parametrize(
    ("groups", "derived", "message"),
    [
        ({"a": ["x"]}, {"a": "x - y"}, "a: is a group, too"),
        ({"a": []}, {}, "groups: a: expected names of test sets"),
        ({}, {"a": "b + 1", "b": "a"}, "(a -> b -> a|b -> a -> b): is made of itself"),
        ({}, {"a": "a"}, "is made of itself"),
        ({"a": ["x", "a"]}, {}, "is made of itself"),
        ({"a": ["b"], "b": ["x", "a"]}, {}, "is made of itself"),
    ],
)
def test_names_that_lead_nowhere(groups, derived, message):
    with pytest.raises(ConfigError, match=message):
        check_derived(groups, derived)


def test_targets_and_page(tmp_path):
    for name, rate in (("de", 0.1), ("ru", 0.5)):
        write_condition(tmp_path / "d", "A", "clean", rate, set_name=name, num_utts=20)
    path = tmp_path / "expected_scores.yaml"
    path.write_text(
        "groups: {high: [de], low: [ru]}\nderived: {gap: high - low}\n"
        "targets:\n- {set: gap, mode: A, target: 0}\n- {set: gap, mode: A, target: -99}\n",
        encoding="utf-8",
    )
    options = {"command": "x", "resampling": Resampling(num_resamples=20)}
    scores = write_report(tmp_path / "d", read_expected(path), **options)
    figures = {record["set"]: record["wer"]["rate"] for record in scores["conditions"]}
    gap = round(figures["de"] - figures["ru"], 3)
    assert [row["got"] for row in scores["targets"]] == [gap, gap]
    assert [row["met"] for row in scores["targets"]] == [True, False]
    page = (tmp_path / "d" / "RESULTS.md").read_text(encoding="utf-8")
    assert "### WER % of groups, and made of them" in page
    assert f"|gap A|{gap:.1f}|" in page
    path.write_text("derived: {gap: high **}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"derived: gap: .*is no expression"):
        read_expected(path)
