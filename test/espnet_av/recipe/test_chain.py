"""The options of a run as experiments: names, starts, rounds."""

from __future__ import annotations

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.chain import default_chain, default_tokens, nth
from espnet_av.recipe.options import Options

PRETRAINED = {"ssl_config": "conf/train_w2v.yaml", "avssl_config": "a/train_x.yaml a/y.yaml"}
MID = {"mid_config": "conf/train_mid.yaml", "mid_args": "--override seed=2"}


def chain(**options: object) -> list[tuple[str, str, str]]:
    """Kind, folder and start of each experiment that has one."""
    made = default_chain(Options(**options).with_defaults())  # type: ignore[arg-type]
    return [(e.kind, e.out, e.start) for e in made if e.config]


def test_rounds_and_names() -> None:
    made = default_chain(Options(rounds=3, units_config="u v", **PRETRAINED).with_defaults())
    units = [e.units for e in made if e.units]
    assert [u.config for u in units] == ["u", "v", "v"]
    assert [u.source for u in units] == ["exp/w2v", "exp/x_r1", "exp/y_r2"]
    assert [u.out for u in units] == ["dump/units/x_r1", "dump/units/y_r2", "dump/units/y_r3"]
    assert made[-1].start == "exp/y_r3" and made[-1].out == "exp/avsr_char_from_y_r3"


@pytest.mark.parametrize(
    ("more", "starts"),
    [
        ({}, ["exp/x_r1", "exp/mid_seed=2"]),
        ({"mid_from": "ssl"}, ["exp/w2v", "exp/mid_seed=2"]),
        ({"mid_from": "none", "finetune_from": "avssl"}, ["", "exp/x_r1"]),
        ({"mid_from": "../x/exp/y/", "finetune_from": "mid"}, ["../x/exp/y", "exp/mid_seed=2"]),
    ],
)
def test_mid_training_stands_between(more: dict[str, str], starts: list[str]) -> None:
    found = chain(**PRETRAINED, **MID, **more)
    assert [start for kind, _, start in found if kind in ("mid", "finetune")] == starts


@pytest.mark.parametrize(
    "wrong", [{"avssl_from": "mid"}, {"mid_from": "mid"}, {"finetune_from": "mid"}]
)
def test_starts_that_there_are_not(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"--{next(iter(wrong))} is "):
        chain(**wrong)


def test_names_of_tokens_tell_what_they_are_made_of() -> None:
    options = Options(token_type="bpe", nbpe=9, langs="de es", token_args="--temperature 2")
    assert default_tokens(options).out == "data/token_list/bpe_9_de_es_temperature_2"
    assert nth(3, "a b") == "b" and nth(1, "") == ""
