"""Configurations that cannot work are refused with a cure."""

import pytest

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.units.config import UnitsConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": "model"}, "features: model with layer: None; a model needs a layer"),
        ({"layer": 3}, "mfcc with layer: 3"),
        ({"modality": "AV"}, "mfcc are of sound, modality: AV; set modality: A"),
        ({"features": "model", "layer": 0}, "layers are counted from 1"),
        ({"num_units": 0}, "num_units is 0; it is at least 1"),
        ({"sample_share": 0.0}, "sample_share is above 0"),
        ({"kmeans": {"n_init": 0}}, "kmeans: n_init is 0"),
        ({"kmeans": {"tol": -1.0}}, "tol is -1.0"),
        ({"kmeans": {"ninit": 2}}, "did you mean 'n_init'"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ConfigError, match=message):
        build(UnitsConfig, settings)


def test_sizes_as_people_write_them():
    assert build(UnitsConfig, {"max_memory": "2GB"}).max_memory == 2 * 10**9
