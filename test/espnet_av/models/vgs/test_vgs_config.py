"""Settings of visually grounded speech that make no model."""

import pytest
from oracles import vgs

from espnet_av.errors import ConfigError
from espnet_av.modules.cross_encoder import CrossEncoderConfig
from espnet_av.modules.image_branch import ImageConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alpha": 1.5}, "alpha is 1.5; it is the share"),
        ({"grounding_layer": 0}, "grounding_layer is 0"),
        ({"grounding_layer": 4}, "grounding_layer is 4, but the encoder has layers 1 to 3"),
        ({"matching_temperature": 0.0}, "matching_temperature 0.0; all must be above 0"),
        ({"margin": -1.0}, "margin is -1.0"),
        ({"crop_sec": -8.0}, "crop_sec -8.0"),
        ({"audio_class": "none", "speech_head": "class"}, "class needs an audio_class"),
        ({"feature_size": 6}, "last width is 8, feature_size 6; .* make them equal"),
        (
            {"cross_encoder": CrossEncoderConfig(), "image": ImageConfig(kind="class_token")},
            "class_token has none; take regions",
        ),
        ({"unmasked_weight": -1.0}, "unmasked_weight is -1.0"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        vgs.model(**changes)


def test_defaults_are_the_papers():
    config = vgs.VGSConfig()
    assert (config.alpha, config.grounding_layer, config.margin) == (0.5, 8, 1.0)
    assert (config.similarity, config.crop_sec, config.eval_crop_sec) == ("dot", 8.0, 10.0)
    assert config.cross_encoder is None
    assert config.features_penalty == 0.0
