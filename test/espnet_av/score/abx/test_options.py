"""Options of an ABX measurement that cannot be."""

import pytest

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.score.abx.options import AbxOptions


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("max_size_group", 1, "at least 2, or null"),
        ("max_x_across", 0, "at least 1, or null"),
        ("max_dropped", 1.5, "a share, from 0 to 1"),
        ("speaker", [], "within, across, or each once"),
        ("speaker", ["within", "within"], "each once"),
        ("speaker", ["both"], "speaker"),
        ("slice", "wrong", "slice"),
        ("pooling", "max", "pooling"),
    ],
)
def test_faults_are_named(key, value, message):
    with pytest.raises(ConfigError, match=message):
        build(AbxOptions, {key: value}, "scoring: abx")


def test_null_is_all():
    options = build(AbxOptions, {"max_size_group": None, "speaker": ["across"]}, "x")
    assert options.max_size_group is None and options.speaker == ("across",)
