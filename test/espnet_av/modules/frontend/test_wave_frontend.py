"""The waveform front end: 25 and 50 Hz, what a quantiser gets, and the share of the gradient."""

import pytest
import torch

from espnet_av.modules.frontend.wave_frontend import WaveConfig, WaveFrontend
from espnet_av.modules.gradient_scale import scale_gradient


def make(size=6, **conf):
    torch.manual_seed(0)
    return WaveFrontend(WaveConfig(**{"channels": 8, **conf}), size)


@pytest.mark.parametrize("norm", ["layer_norm", "group_norm"])
def test_fifty_hertz_gives_two_frames_a_block_whatever_the_padding(norm):
    frontend = make(norm=norm, frame_rate=50).eval()
    speech, lengths = torch.randn(2, 640 * 5 + 17), torch.tensor([640 * 5 + 17, 640 * 3 + 639])
    out, frames = frontend(speech, lengths)
    assert out.shape == (2, 10, 6)
    assert frames.tolist() == [10, 6]
    alone, _ = frontend(speech[1:, : lengths[1]], lengths[1:])
    assert torch.allclose(out[1, :6], alone[0], atol=1e-5)


@pytest.mark.parametrize("rate", [25, 50])
def test_extracted_features_are_what_is_projected(rate):
    frontend = make(frame_rate=rate)
    speech, lengths = torch.randn(2, 6400), torch.tensor([6400, 3200])
    features = frontend.extract(speech, lengths)
    out, frames = frontend(speech, lengths)
    assert torch.equal(frontend.project(features.normed), out)
    assert torch.equal(features.lengths, frames)
    assert (
        features.raw.shape == features.normed.shape == (2, rate * 10 // 25, frontend.feature_size)
    )
    channels = features.raw.unflatten(2, (-1, 8))
    normed = frontend.layer_norm(channels).flatten(2)
    assert torch.allclose(features.normed, normed, atol=1e-6)


def test_both_rates_see_the_same_frames():
    slow, fast = make(frame_rate=25), make(frame_rate=50)
    fast.extractor.load_state_dict(slow.extractor.state_dict())
    speech, lengths = torch.randn(1, 6400), torch.tensor([6400])
    pairs = slow.extract(speech, lengths).raw.unflatten(2, (2, 8)).flatten(1, 2)
    assert torch.equal(pairs, fast.extract(speech, lengths).raw)


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_gradient_share_of_the_convolutions(share):
    whole, part = make(), make(feature_grad_mult=share)
    speech, lengths = torch.randn(1, 6400), torch.tensor([6400])
    outputs = []
    for frontend in (whole, part):
        out, _ = frontend(speech, lengths)
        out.square().sum().backward()
        outputs.append(out)
    assert torch.equal(*outputs)
    for (name, one), two in zip(whole.named_parameters(), part.parameters(), strict=True):
        scale = share if name.startswith("extractor") else 1.0
        # A gradient is a sum that partly cancels: its rounding goes by the largest, not by each.
        rounding = 1e-5 * float(one.grad.abs().max())
        assert torch.allclose(one.grad * scale, two.grad, rtol=0, atol=rounding), name


def test_scaled_gradient():
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    y = scale_gradient(x, 0.25)
    assert torch.equal(x, y)
    (y * torch.arange(3.0)).sum().backward()
    assert torch.equal(x.grad, torch.arange(3.0, dtype=torch.float64) * 0.25)
    assert scale_gradient(x, 1.0) is x


def test_meta_device():
    with torch.device("meta"):
        frontend = make(1920, channels=512, frame_rate=50)
    count = sum(parameter.numel() for parameter in frontend.parameters())
    assert count == 4_210_176 + 1024 + 512 * 1920 + 1920
