"""Scores of our own by the places of published tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from espnet_av.config import build
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.published.expected import Expected
from espnet_av.score.published.measured import Got, Measured, read_measured
from espnet_av.score.published.tables import Place

SCORING = {"metric": "wer", "normaliser": "whisper"}
EXPECTED = build(
    Expected,
    {
        "scoring": SCORING,
        "languages": ["en", "fr"],
        "sets": {"avg": "test_{lang}", "ood": "other_{lang}"},
        "systems": {"small": "Small", "large": "Large"},
    },
    "here",
)


def scores(system: str | None, *conditions: tuple[str, str, str, float], **changes: Any) -> Any:
    records = [
        {"set": name, "mode": mode, "noise": noise, "wer": {"rate": rate}, "cer": {"rate": 99.0}}
        for name, mode, noise, rate in conditions
    ]
    return {"system": system, "scoring": SCORING, "conditions": records, **changes}


SMALL = scores(
    "small",
    ("test_en", "A", "clean", 2.0),
    ("test_fr", "A", "clean", 19.0),
    ("other_fr", "A", "clean", 30.0),
    ("test_en", "AV", "babble:0dB", 4.5),
)


@pytest.fixture
def measured() -> Measured:
    found = Measured(EXPECTED)
    found.add(SMALL, "exp/small")
    return found


@pytest.mark.parametrize(
    ("place", "got"),
    [
        (Place("small", "A", "clean", "avg", "en"), Got(2.0, 1, 1)),
        (Place("small", "A", "clean", "ood", "fr"), Got(30.0, 1, 1)),
        (Place("small", "A", "clean", "avg", None), Got(10.5, 2, 2)),
        (Place("small", "A", "clean", "ood", None), Got(None, 1, 2)),
        (Place("small", "AV", "babble:0", "avg", "en"), Got(4.5, 1, 1)),
        (Place("small", "AV", "babble:5", "avg", "en"), Got(None, 0, 1)),
        (Place("small", "AV", "clean", "avg", None), Got(None, 0, 2)),
        (Place("large", "A", "clean", "avg", "en"), Got(None, 0, 1)),
    ],
)
def test_an_average_is_unweighted_and_whole(measured: Measured, place: Place, got: Got) -> None:
    assert measured.get(place) == got


def test_systems_do_not_touch_each_other(measured: Measured) -> None:
    measured.add(scores("large", ("test_en", "A", "clean", 1.0)), "exp/large")
    assert measured.get(Place("large", "A", "clean", "avg", "en")).value == 1.0
    assert measured.get(Place("small", "A", "clean", "avg", "en")).value == 2.0


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (scores("smal"), ConfigError, "unknown key 'smal'; did you mean 'small'"),
        (
            scores("small", scoring={"metric": "wer", "normaliser": "none"}),
            ConfigError,
            "x: scored with metric wer, normaliser none,.* but .* says metric wer, normaliser whis",
        ),
        (
            scores("small", ("test_en", "A", "clean", 3.0)),
            DataDirError,
            "x: small, test_en A clean is also in exp/small; name the experiments",
        ),
        (
            scores("small", ("test_en", "AV", "babble:0", 3.0)),
            DataDirError,
            "x: small, test_en AV babble:0 is also in exp/small",
        ),
    ],
)
def test_scores_that_do_not_fit(
    measured: Measured, run: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        measured.add(run, "x")


def test_files_without_a_system_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({**SMALL, "system": None}))
    assert read_measured(EXPECTED, [path]).scores == {}
    path.write_text(json.dumps(SMALL))
    found = read_measured(EXPECTED, [path])
    assert sorted(found.scores.values()) == [(rate, str(path)) for rate in (2.0, 4.5, 19.0, 30.0)]
    path.write_text("{")
    with pytest.raises(DataDirError, match="not valid JSON"):
        read_measured(EXPECTED, [path])
    with pytest.raises(DataDirError, match=r"run the score stage \(11\) first"):
        read_measured(EXPECTED, [tmp_path / "none.json"])
