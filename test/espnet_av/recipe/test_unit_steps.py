"""Steps that label frames."""

from espnet_av.recipe.experiment import Experiment, Units
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Step
from espnet_av.recipe.unit_steps import units_steps


def step(units: Units) -> Step:
    experiment = Experiment(
        kind="avssl", out="exp/v", config="v.yaml", train_set="c", valid_set="d", units=units
    )
    return next(part for part in units_steps(Options(), experiment) if isinstance(part, Step))


def test_new_centres_are_fitted_on_what_is_learned() -> None:
    found = step(Units(out="dump/units/v", config="u.yaml", source="exp/h", layer=3))
    line = " ".join(found.jobs[0].words)
    assert "--override layer=3 --train_dir dump/c --exp_dir exp/h --sets dump/c dump/d" in line
    assert "--codebook" not in line
    assert found.marker == "dump/units/v/.done"


def test_old_centres_were_fitted_on_something_else_and_are_depended_on() -> None:
    units = Units(
        out="dump/units/v", config="m.yaml", source="", codebook="dump/units/h", fitted_on="a_b"
    )
    found = step(units)
    line = " ".join(found.jobs[0].words)
    assert "--train_dir dump/a_b --codebook dump/units/h --sets dump/c dump/d" in line
    assert "dump/units/h/.done" in found.inputs


def test_without_a_configuration_nothing_is_done() -> None:
    experiment = Experiment(
        kind="avssl", out="exp/v", config="v.yaml", train_set="c", valid_set="d",
        units=Units(out="dump/units/v", config="", source=""),
    )  # fmt: skip
    parts = units_steps(Options(), experiment)
    assert not [part for part in parts if isinstance(part, Step)]
    assert "not configured (--units_config)" in parts[-1].words[1]
