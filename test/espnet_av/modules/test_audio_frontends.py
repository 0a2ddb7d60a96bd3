"""Audio front ends: exact lengths, padding and batch invariance, gradients, bad settings."""

import pytest
import torch

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.modules import AUDIO_FRONTENDS

VARIANTS = [
    ("log_mel", {"num_mels": 20, "channels": 4}),
    ("log_mel", {"num_mels": 21, "channels": 4}),
    ("log_mel", {"num_mels": 20, "subsampling": "stack"}),
    ("log_mel", {"num_mels": 20, "channels": 4, "normalise": "past", "dither": 3e-5}),
    ("stacked_fbank", {}),
    ("wave", {"channels": 8}),
    ("wave", {"channels": 8, "norm": "group_norm"}),
    ("wave", {"channels": 8, "normalise_wave": False}),
]


def make(name, conf):
    torch.manual_seed(0)
    config_class, frontend_class = AUDIO_FRONTENDS[name]
    return frontend_class(build(config_class, conf), 6)


@pytest.mark.parametrize(("name", "conf"), VARIANTS)
@pytest.mark.parametrize("samples", [640, 641, 1279, 6400 + 333])
def test_one_frame_per_640_samples(name, conf, samples):
    frontend = make(name, conf).eval()
    out, lengths = frontend(torch.randn(2, samples), torch.tensor([samples, 640]))
    assert out.shape == (2, samples // 640, frontend.output_size())
    assert lengths.tolist() == [samples // 640, 1]
    assert out.isfinite().all()


@pytest.mark.parametrize(("name", "conf"), VARIANTS)
def test_batch_equals_each_alone_whatever_the_padding(name, conf):
    frontend = make(name, conf).eval()
    lengths = torch.tensor([640 * 9, 640 * 4 + 100, 640])
    speech = torch.randn(3, 640 * 11)
    out, _ = frontend(speech, lengths)
    for row, wave, length in zip(out, speech, lengths.tolist(), strict=True):
        alone, _ = frontend(wave[None, :length], torch.tensor([length]))
        assert torch.allclose(row[: length // 640], alone[0], atol=2e-5)


@pytest.mark.parametrize(("name", "conf"), VARIANTS)
def test_every_parameter_learns(name, conf):
    frontend = make(name, conf).train()
    out, _ = frontend(torch.randn(2, 6400), torch.tensor([6400, 3200]))
    out.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in frontend.parameters())


@pytest.mark.parametrize(("name", "conf"), VARIANTS)
def test_half_precision_is_close(name, conf):
    frontend = make(name, conf).eval()
    speech, lengths = torch.randn(1, 6400), torch.tensor([6400])
    expected, _ = frontend(speech, lengths)
    with torch.autocast("cpu", torch.bfloat16):
        out, _ = frontend(speech, lengths)
    assert (out.float() - expected).abs().max() < 0.05 * expected.abs().max() + 0.02


@pytest.mark.parametrize(("name", "conf"), VARIANTS[:5])
def test_silence_is_finite(name, conf):
    out, _ = make(name, conf).train()(torch.zeros(1, 1280), torch.tensor([1280]))
    assert out.isfinite().all()


def test_log_mel_does_not_depend_on_loudness():
    frontend = make(*VARIANTS[0]).eval()
    speech, lengths = torch.randn(1, 6400), torch.tensor([6400])
    loud, quiet = frontend(speech, lengths)[0], frontend(speech * 0.1, lengths)[0]
    assert torch.allclose(loud, quiet, atol=1e-3)


def test_past_normalisation_lets_log_mel_stream():
    """A frame waits for half a window after its end, and sees nothing later."""
    frontend = make("log_mel", {"num_mels": 20, "channels": 4, "normalise": "past"}).eval()
    speech, lengths = torch.randn(1, 6400) * 0.1, torch.tensor([6400])
    changed = speech.clone()
    changed[:, 640 * 4 + 120 :] = 0.0
    before, after = frontend(speech, lengths)[0], frontend(changed, lengths)[0]
    assert torch.equal(before[:, :4], after[:, :4])
    changed[:, 640 * 4 + 119] += 1.0
    assert not torch.equal(frontend(changed, lengths)[0][:, 3], before[:, 3])


def test_dither_fills_digital_silence_always_in_the_same_way():
    speech, lengths = torch.randn(1, 6400) * 0.1, torch.tensor([6400])
    speech[:, 3200:] = 0.0
    plain, dithered = (make("log_mel", {"num_mels": 20, "dither": d}).train() for d in (0.0, 3e-5))
    before, after = plain.log_mels(speech, lengths)[0], dithered.log_mels(speech, lengths)[0]
    assert torch.allclose(before[:, :19], after[:, :19], atol=0.2)
    assert (before[:, 22:] < -23.0).all(), "the floor"
    assert (after[:, 22:] > -20.0).all()
    assert len(after[0, 22:].unique(dim=0)) == 18, "no two windows alike"
    assert torch.equal(dithered.log_mels(speech, lengths)[0], after)
    assert plain.state_dict().keys() == dithered.state_dict().keys()


def test_spec_augment_acts_in_training_only():
    frontend = make(*VARIANTS[0])
    speech, lengths = torch.randn(1, 6400), torch.tensor([6400])
    frontend.eval()
    assert torch.equal(frontend(speech, lengths)[0], frontend(speech, lengths)[0])
    frontend.train()
    assert not torch.equal(frontend(speech, lengths)[0], frontend(speech, lengths)[0])


@pytest.mark.parametrize(
    ("name", "conf", "message"),
    [
        ("log_mel", {"num_mels": 1}, "num_mels 1"),
        ("log_mel", {"dither": -1.0}, "dither is -1.0"),
        ("log_mel", {"chanels": 1}, "did you mean 'channels'"),
        ("log_mel", {"spec_augment": {"max_time_ratio": 2.0}}, "share in 0..1"),
        ("log_mel", {"spec_augment": {"num_time_masks": -1}}, "0 or more"),
        ("stacked_fbank", {"num_mels": 80}, "choose 26"),
        ("wave", {"channels": 0}, "512"),
        ("wave", {"frame_rate": 100}, "choices: 25, 50"),
        ("wave", {"feature_grad_mult": 2}, "feature_grad_mult is 2"),
        ("wave", {"norm": "layernorm"}, "did you mean 'layer_norm'"),
    ],
)
def test_bad_settings_say_what_to_do(name, conf, message):
    with pytest.raises(ConfigError, match=message):
        make(name, conf)
