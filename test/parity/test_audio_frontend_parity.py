"""Audio front ends against torchaudio and Hugging Face, with random weights."""

import pytest
import torch
import torchaudio
from transformers import Wav2Vec2Config
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2FeatureEncoder

from espnet_av.modules.frontend.log_mel import LogMelConfig, LogMelFrontend
from espnet_av.modules.frontend.wave_frontend import WaveExtractor
from espnet_av.ops.filterbank import WINDOW, log_mel, mel_filters


@pytest.mark.parametrize("num_mels", [20, 80])
def test_mel_filters_equal_torchaudios(num_mels):
    expected = torchaudio.functional.melscale_fbanks(
        257, 0.0, 8000.0, num_mels, 16000, norm=None, mel_scale="htk"
    )
    assert torch.allclose(mel_filters(num_mels), expected, atol=1e-4)


def test_log_mel_equals_torchaudios():
    speech = torch.randn(2, 6400)
    reference = torchaudio.transforms.MelSpectrogram(
        16000, n_fft=512, win_length=400, hop_length=160, n_mels=80, center=False
    )
    # torchaudio centres the 400-sample window in its 512-sample frame: 56 more on each side.
    padded = torch.nn.functional.pad(speech, (120 + 56, 120 + 56))
    expected = reference(padded).transpose(1, 2).clamp(min=1e-10).log()
    got = log_mel(speech, 40, torch.hann_window(WINDOW), mel_filters(80))
    assert got.shape == expected.shape
    assert torch.allclose(got, expected, atol=1e-3)


def test_log_mel_subsampling_is_the_plain_convolution_on_one_utterance():
    torch.manual_seed(0)
    frontend = LogMelFrontend(LogMelConfig(num_mels=20, channels=3), 7).eval()
    features = torch.randn(1, 36, 20)
    layers = frontend.subsample
    hidden = layers.conv2(layers.conv1(features[:, None]).relu()).relu()
    expected = hidden.permute(0, 2, 1, 3).reshape(1, 9, -1)
    assert torch.equal(layers(features, torch.tensor([9])), expected)


@pytest.mark.parametrize("mode", ["layer", "group"])
def test_wave_extractor_equals_hugging_face(mode):
    torch.manual_seed(0)
    channels = 16
    config = Wav2Vec2Config(
        conv_dim=(channels,) * 7, feat_extract_norm=mode, conv_bias=mode == "layer"
    )
    theirs, ours = Wav2Vec2FeatureEncoder(config).eval(), WaveExtractor(channels, mode == "layer")
    for layer, conv in zip(theirs.conv_layers, ours.convs, strict=True):
        conv.load_state_dict(layer.conv.state_dict())
    for layer, norm in zip(theirs.conv_layers, ours.norms, strict=False):
        torch.nn.init.normal_(layer.layer_norm.weight)
        torch.nn.init.normal_(layer.layer_norm.bias)
        norm.load_state_dict(layer.layer_norm.state_dict())
    wave = torch.randn(2, 640 * 5 + 80)
    got = ours(wave, torch.full((2,), wave.size(1)))
    assert got.shape == (2, 10, channels)
    assert torch.allclose(got.transpose(1, 2), theirs(wave), atol=1e-5)


@pytest.mark.parametrize(("layer_norm", "expected"), [(True, 4_210_176), (False, 4_200_448)])
def test_wave_extractor_has_the_published_size(layer_norm, expected):
    extractor = WaveExtractor(512, layer_norm)
    assert sum(parameter.numel() for parameter in extractor.parameters()) == expected
