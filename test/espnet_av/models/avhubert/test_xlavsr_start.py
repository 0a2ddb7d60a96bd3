"""XLAVS-R starts as the audio-only model that it continues: the same output, video or not."""

import pytest
import torch
from oracles import avhubert, masked_audio
from oracles.layer_features import features_of

from espnet_av.config import build, to_dict
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert import AVHubertModel
from espnet_av.train.initialisation import load_weights

SHARED = ("audio_frontend", "audio_frontend_conf", "feature_size", "encoder_conf", "dropout_rate")


def audio_only(name):
    torch.manual_seed(1)
    config = {"wav2vec2": masked_audio.wav2vec2_config, "hubert": masked_audio.hubert_config}[
        name
    ]()
    return config, MODELS[name][1].from_config(config, Sizes(units=avhubert.NUM_UNITS)).eval()


@pytest.mark.parametrize("name", ["wav2vec2", "hubert"])
@pytest.mark.parametrize("mode", ["A", "AV"])
def test_the_first_output_is_that_of_the_audio_only_model(name, mode, tmp_path):
    config, source = audio_only(name)
    torch.save(source.state_dict(), tmp_path / "audio.pth")
    shared = {key: to_dict(config)[key] for key in SHARED}
    conf = {"visual_frontend_conf": {"width": 2}, "fusion": "linear", "frame_rate": 50, **shared}
    torch.manual_seed(2)
    model = AVHubertModel.from_config(
        build(MODELS["avhubert"][0], conf), Sizes(units=avhubert.NUM_UNITS + 2)
    ).eval()
    report = load_weights(model, tmp_path / "audio.pth", exclude=["units_head"])
    new = ("frontend.visual.", "frontend.fusion.", "units_head.")
    assert not [key for key in report.missing if not key.startswith(new)]
    assert torch.equal(model.mask_emb, source.mask_emb)
    batch = avhubert.batch(rate=50)
    sound = (batch["speech"], batch["speech_lengths"])
    lips = (batch["video"], batch["video_lengths"]) if mode == "AV" else (None, None)
    for layer in (1, None):
        expected, lengths = features_of(source, *sound, None, None, layer=layer)
        found, found_lengths = features_of(model, *sound, *lips, layer=layer)
        assert torch.equal(found_lengths, lengths)
        for row, length in enumerate(lengths.tolist()):
            assert torch.equal(found[row, :length], expected[row, :length])
