"""What training and decoding may ask of every model."""

from __future__ import annotations

import pytest
import torch
from oracles import av_batch
from oracles.toy_training import ToyModel

from espnet_av.errors import ConfigError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import NO_SIZES, Sizes
from espnet_av.rates import FRAME_HZ


@pytest.mark.parametrize("name", ["vocab", "units", "labels"])
def test_sizes_that_are_needed(name):
    assert Sizes(**{name: 7}).needed(name, "why") == 7
    for sizes in (NO_SIZES, Sizes(**{name: 0})):
        with pytest.raises(ConfigError, match="it speaks; run stage 8"):
            sizes.needed(name, "it speaks; run stage 8")


@pytest.mark.parametrize("size", ["12", 12.0, [12]])
def test_sizes_are_numbers(size):
    with pytest.raises(TypeError, match=r"units is .*12.*; it is a number, or None"):
        Sizes(units=size)


def test_a_model_of_its_own_needs_no_more_than_it_says():
    model = ToyModel()
    assert model.predicts == model.token_layers == model.unit_layers == ()
    assert model.feature_rate == FRAME_HZ
    assert not model.layers()
    with pytest.raises(ConfigError, match="ToyModel has no layers to take features from"):
        model.extract_features({}, [1])


@pytest.mark.parametrize("name", MODELS)
def test_registered_models_say_what_they_are(name):
    config_class, model_class = MODELS[name]
    assert model_class.config_class is config_class
    assert model_class.stats["loss"].best == "min"
    assert "frames" in model_class.predicts
    reads_text = name in ("avsr", "transducer", "superb_pr")
    assert ("text" in model_class.predicts) == reads_text == bool(model_class.token_layers)
    for layers in (model_class.token_layers, model_class.unit_layers):
        assert not [name for name in layers if name.endswith(".weight")]


@pytest.mark.parametrize("heads", [{}, {"units_weight": 0.0}, {"frontend_units_weight": 0.5}])
def test_a_recogniser_reads_labels_where_it_has_a_head_for_them(heads):
    model = av_batch.model(**heads)
    assert model.reads == ({"text"} if heads == {"units_weight": 0.0} else {"text", "units"})


def test_another_config_is_refused():
    config_class, _ = MODELS["hubert"]
    with pytest.raises(Exception, match="HubertConfig is not an instance of"):
        MODELS["avsr"][1].from_config(config_class(), Sizes(vocab=9))


def test_no_features_are_promised_by_an_encoder_without_numbered_layers():
    rnn = {"rnn_type": "gru", "hidden_size": 8, "output_size": 8, "num_layers": 1}
    model = av_batch.model(encoder="rnn", encoder_conf=rnn, interctc_layers=[]).eval()
    assert not model.layers()
    with torch.no_grad():
        (out,), lengths = model.extract_features(av_batch.batch(), [None])
    assert out.shape == (3, 9, 8) and lengths.tolist() == [9, 6, 4]
