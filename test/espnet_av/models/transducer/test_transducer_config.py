"""The transducer's configuration refuses what could not train, and says what to do."""

import importlib.util

import pytest
from oracles import av_batch, transducer

from espnet_av.config import build, to_dict
from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.transducer import TransducerConfig, TransducerModel


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"joint_size": 0}, "joint_size is 0; it must be 1 or more"),
        ({"ctc_weight": 1.5}, "ctc_weight is 1.5; it must be in 0..1"),
        ({"ctc_weight": 0.0, "interctc_layers": [1]}, "interctc_layers need CTC"),
        ({"predictor": "gru"}, "'gru' is not a choice; .*choices: lstm, stateless"),
        ({"transducer_loss": "prune"}, "did you mean 'pruned'"),
        ({"decoder": "transformer"}, "unknown key 'decoder'"),
        ({"joint_sise": 8}, "did you mean 'joint_size'"),
        ({"units_weight": -1.0}, "units_weight is -1.0; it must be 0 or more"),
    ],
)
def test_bad_settings(mapping, message):
    with pytest.raises(ConfigError, match=message):
        build(TransducerConfig, mapping)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"predictor_conf": {"hiden_size": 8}}, "predictor_conf of lstm: .*'hidden_size'"),
        ({"transducer_loss_conf": {"prune_range": 5}}, "transducer_loss_conf of full"),
        (
            {"transducer_loss": "pruned", "transducer_loss_conf": {"prune_rang": 5}},
            "did you mean 'prune_range'",
        ),
    ],
)
def test_bad_component_settings(changes, message):
    with pytest.raises(ConfigError, match=message):
        transducer.model(**changes)


@pytest.mark.skipif(importlib.util.find_spec("k2") is not None, reason="k2 is installed")
def test_a_missing_package_is_named_with_the_cure():
    with pytest.raises(ConfigError, match=r"k2 is not installed.* set transducer_loss: pruned"):
        transducer.model(transducer_loss="k2")


def test_frame_labels_are_needed():
    with pytest.raises(ConfigError, match=r"make units.txt"):
        TransducerModel.from_config(transducer.config(), Sizes(vocab=9))


def test_public_constructor_checks_types():
    with pytest.raises(Exception, match="config"):
        TransducerModel(av_batch.config(), Sizes(vocab=9, units=5))


def test_there_and_back():
    config = transducer.config(predictor="stateless", predictor_conf={"size": 8})
    assert build(TransducerConfig, to_dict(config)) == config
