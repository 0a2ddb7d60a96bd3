"""Criteria of best models against the figures that a model reports."""

from __future__ import annotations

import pytest
from oracles.toy_training import ToyModel

from espnet_av.errors import ConfigError
from espnet_av.models import MODELS
from espnet_av.modules.statistics import HIGHER, LOWER, PLAIN
from espnet_av.train.criteria import check_criteria


class Reporter(ToyModel):
    stats = {"loss": LOWER, "acc": HIGHER, "masked": PLAIN}


REPORTED = Reporter()


@pytest.mark.parametrize(
    ("criterion", "reason"),
    [
        (("valid", "los", "min"), r"no 'los' in valid; did you mean 'loss'\? choose among acc, l"),
        (("valid", "lr", "min"), "no 'lr' in valid; "),
        (("train", "grad_nrm", "min"), r"no 'grad_nrm' in train; did you mean 'grad_norm'\?"),
        (("valid", "acc", "min"), r"keep the worst .* acc is better when higher; .*acc, max\]"),
        (("train", "loss", "max"), r"keep the worst .* loss is better when lower; .*loss, min\]"),
    ],
)
def test_what_is_misspelt_or_upside_down(criterion, reason):
    with pytest.raises(ConfigError, match=reason):
        check_criteria([("valid", "loss", "min"), criterion], REPORTED)


def test_the_cure_that_the_message_names():
    criteria = [("valid", "acc", "max"), ("train", "loss", "min"), ("train", "grad_norm", "min")]
    check_criteria([*criteria, ("valid", "masked", "min"), ("valid", "masked", "max")], REPORTED)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_can_be_ranked_by_its_loss(name):
    assert MODELS[name][1].stats["loss"] is LOWER
