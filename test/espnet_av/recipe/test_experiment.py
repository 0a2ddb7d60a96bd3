"""Names that follow from configurations and options."""

from __future__ import annotations

import pytest

from espnet_av.recipe.experiment import base_name, experiment_name, file_stem


@pytest.mark.parametrize(
    ("config", "args", "name"),
    [
        ("conf/train_avsr.yaml", "", "avsr"),
        ("conf/big.yaml", "--override a.b=1 --override c=[1,2]", "big_a.b=1_c=_1_2_"),
        ("train_größe.yaml", "", "gr____e"),
        ("", "", ""),
    ],
)
def test_names_of_experiments(config: str, args: str, name: str) -> None:
    assert experiment_name(config, args) == name


def test_parts_of_paths() -> None:
    assert (base_name("../x/exp/y/"), base_name("y"), file_stem("a/b.yaml")) == ("y", "y", "b")
