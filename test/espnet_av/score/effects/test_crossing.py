"""Average effects of crossed choices, by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from oracles.crossed import crossing, scores_file

from espnet_av.errors import ConfigError
from espnet_av.score.effects.crossing import read_crossing

PLACE = ("test", "A", "clean")


def test_an_effect_is_the_mean_over_rows_and_paired_by_seed() -> None:
    found = crossing(
        {
            ("none", "none"): {1: 40.0, 2: 44.0},
            ("none", "de"): {1: 30.0, 2: 36.0},
            ("MAE", "none"): {1: 20.0, 2: 26.0},
            ("MAE", "de"): {1: 16.0, 2: 20.0},
        }
    )
    effect = found.effect(["de"], PLACE)
    assert effect is not None
    # Seed 1: 30 -> 23; seed 2: 35 -> 28.
    assert effect.change.values == (-7.0, -7.0) and effect.seeds == (1, 2)
    assert effect.relative.values == pytest.approx((-700 / 30, -20.0))
    assert effect.over == ("none", "MAE")
    turned = found.transposed().effect(["MAE"], PLACE)
    assert turned is not None
    # 35 -> 18 and 40 -> 23.
    assert turned.change.values == (-17.0, -17.0) and turned.over == ("none", "de")


def test_several_columns_count_alike_in_each_row_that_has_some() -> None:
    found = crossing(
        {
            ("none", "none"): {1: 40.0},
            ("MAE", "none"): {1: 20.0},
            ("MAE", "de"): {1: 16.0},
            ("MAE", "it"): {1: 10.0},
        }
    )
    effect = found.effect(["de", "it"], PLACE)
    assert effect is not None
    assert (effect.change.values, effect.over) == ((-7.0,), ("MAE",))
    assert found.transposed().effect(["none"], PLACE) is not None
    assert found.effect(["de"], ("other", "A", "clean")) is None


def test_seeds_that_one_of_them_lacks_do_not_count() -> None:
    rates: Mapping[tuple[str, str], dict[int, float]] = {
        ("none", "none"): {1: 40.0, 2: 50.0},
        ("none", "de"): {2: 45.0, 3: 10.0},
    }
    effect = crossing(rates).effect(["de"], PLACE)
    assert effect is not None
    assert (effect.change.values, effect.seeds) == ((-5.0,), (2,))
    apart = {**rates, ("none", "de"): {3: 10.0}}
    assert crossing(apart).effect(["de"], PLACE) is None


def test_scores_are_read_and_must_belong_together(tmp_path: Path) -> None:
    one, other = (scores_file(tmp_path, name, 1, rate) for name, rate in (("a", 40.0), ("b", 30.0)))
    found = read_crossing([("none", "none", [one]), ("none", "de", [other])])
    assert (found.rows, found.columns) == (("none",), ("none", "de"))
    assert found.rates("none", "de", PLACE) == {1: 30.0}
    with pytest.raises(ConfigError, match="none, de: given twice"):
        read_crossing([("none", "de", [one]), ("none", "de", [other])])
    content = json.loads(other.read_text())
    content["scoring"]["normaliser"] = "basic"
    other.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="way of scoring differs"):
        read_crossing([("none", "none", [one]), ("none", "de", [other])])
