"""The recogniser's configuration refuses what could not train, and says what to do."""

import pytest
from oracles import av_batch

from espnet_av.config import build, to_dict
from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel, ModalityDropoutConfig

BAD = [
    ({"audio_frontend": "none", "visual_frontend": "none"}, "both none"),
    ({"ctc_weight": 0.3}, "set ctc_weight: 1.0 or decoder: transformer"),
    ({"decoder": "transformer"}, "never be trained"),
    ({"decoder": "transformer", "ctc_weight": 0.0, "interctc_layers": [1]}, "ctc_weight is 0"),
    ({"ctc_weight": 1.5}, "must be in 0..1"),
    ({"units_weight": -1.0}, "0 or more"),
    ({"feature_size": 0}, "1 or more"),
    ({"modality_dropout": {"drop_prob": 2.0}}, "a probability is in 0..1"),
    ({"modality_dropout": {"per": "clip"}}, "batch, utterance"),
    ({"encoder": "conformr"}, "did you mean 'conformer'"),
    ({"fusion": "add"}, "norm_concat, linear, sum"),
    ({"audio_fronted": "wave"}, "did you mean 'audio_frontend'"),
]


@pytest.mark.parametrize(("mapping", "message"), BAD)
def test_bad_settings(mapping, message):
    with pytest.raises(ConfigError, match=message):
        build(AVSRConfig, mapping)


def test_there_and_back():
    dropout = ModalityDropoutConfig(drop_prob=0.25, per="utterance")
    config = av_batch.config(modality_dropout=dropout)
    assert build(AVSRConfig, to_dict(config)) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visual_frontend_conf": {"widht": 8}}, "did you mean 'width'"),
        ({"audio_frontend_conf": {"channels": "many"}}, "audio_frontend_conf of log_mel"),
        ({"encoder_conf": {"num_blcks": 8}}, "did you mean 'num_blocks'"),
        ({"decoder_conf": {"num_blcks": 8}}, "did you mean 'num_blocks'"),
    ],
)
def test_bad_component_settings(changes, message):
    with pytest.raises(ConfigError, match=message):
        av_batch.model(**changes)


def test_frame_labels_are_needed():
    with pytest.raises(ConfigError, match=r"make units.txt"):
        AVSRModel.from_config(av_batch.config(), Sizes(vocab=9))
