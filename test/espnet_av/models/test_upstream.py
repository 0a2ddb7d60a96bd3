"""A trained model as a part of another."""

from __future__ import annotations

import pytest
from oracles import masked_audio

from espnet_av.config import build, to_dict
from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.upstream import UpstreamConfig, build_upstream


def config(**changes):
    values = {
        "model": "hubert",
        "model_conf": to_dict(masked_audio.hubert_config()),
        "sizes": {"units": masked_audio.NUM_UNITS},
    }
    return build(UpstreamConfig, {**values, **changes})


def test_it_is_the_model_itself():
    made = build_upstream(config())
    assert made.sizes == Sizes(units=masked_audio.NUM_UNITS)
    wanted = masked_audio.model("hubert").state_dict()
    assert {k: v.shape for k, v in made.state_dict().items()} == {
        k: v.shape for k, v in wanted.items()
    }


def test_only_what_makes_features_learns():
    """Under DDP, parameters without a gradient would be waited for."""
    made = build_upstream(config())
    learning = {name for name, p in made.named_parameters() if p.requires_grad}
    assert {name.split(".")[0] for name in learning} == {"frontend", "encoder"}
    (features,), _ = made.extract_features(masked_audio.batch(), [None])
    features.sum().backward()
    assert {name for name, p in made.named_parameters() if p.grad is not None} == learning


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "huber"}, "upstream: model: 'huber' is not a choice; did you mean 'hubert'"),
        ({"sizes": {}}, "hubert predicts units, but there are none"),
        ({"model_conf": {"feature_siz": 8}}, "model_conf of upstream hubert.*feature_size"),
    ],
)
def test_what_cannot_be_built(changes, reason):
    with pytest.raises(ConfigError, match=reason):
        build_upstream(config(**changes))
