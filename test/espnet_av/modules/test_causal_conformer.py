"""Streaming Conformer: nothing from the future, exactly its window, and ESPnet's numbers."""

import pytest
import torch

from espnet_av.compat import ConformerEncoder
from espnet_av.modules.encoder import build_encoder

SIZES = {"output_size": 8, "attention_heads": 2, "linear_units": 8}


def make(num_blocks=2, **conf):
    torch.manual_seed(0)
    encoder = build_encoder("causal_conformer", 6, {**SIZES, "num_blocks": num_blocks, **conf}, [])
    for layer in encoder.encoders:
        # Moments that are not those of a fresh batch norm.
        torch.nn.init.normal_(layer.conv_module.norm.running_mean)
    return encoder.double().eval()


def affected(encoder, frame, num_frames=30):
    """Frames of the output that change with one frame of the input."""
    x = torch.randn(1, num_frames, 6).double()
    changed = x.clone()
    changed[0, frame] += 1.0
    lengths = torch.tensor([num_frames])
    difference = (encoder(x, lengths)[0] - encoder(changed, lengths)[0]).abs().sum(2)[0]
    return (difference > 0).nonzero().squeeze(1).tolist()


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_a_frame_reaches_only_what_comes_after_it(num_blocks):
    encoder = make(num_blocks, past_frames=4, conv_past_frames=3)
    # Each layer carries it 4 frames on by attention, then 3 by convolution.
    assert affected(encoder, 5) == list(range(5, min(5 + 7 * num_blocks, 29) + 1))


def test_future_taps_of_the_convolution_can_be_dropped():
    whole = make(1, past_frames=4, conv_future_frames=2)
    assert affected(whole, 5) == list(range(3, 13))
    dropped = make(1, past_frames=4, conv_future_frames=2, drop_future=True)
    dropped.load_state_dict(whole.state_dict())
    assert affected(dropped, 5) == list(range(5, 13))
    without = make(1, past_frames=4)
    state = {
        key: value[:, :, :4] if "depthwise_conv.weight" in key else value
        for key, value in whole.state_dict().items()
    }
    without.load_state_dict(state)
    x, lengths = torch.randn(2, 9, 6).double(), torch.tensor([9, 5])
    assert torch.equal(without(x, lengths)[0], dropped(x, lengths)[0])


def test_equals_espnet_layers_with_a_band_mask_and_no_future_taps():
    encoder = make(past_frames=4, conv_past_frames=3)
    plain = (
        ConformerEncoder(
            input_size=6,
            **SIZES,
            num_blocks=2,
            input_layer="linear",
            rel_pos_type="latest",
            macaron_style=True,
            cnn_module_kernel=7,
        )
        .double()
        .eval()
    )
    state = {
        key: torch.nn.functional.pad(value, (0, 3)) if "depthwise_conv.weight" in key else value
        for key, value in encoder.state_dict().items()
    }
    plain.load_state_dict(state)
    x = torch.randn(2, 12, 6).double()
    band = torch.ones(12, 12).tril().triu(-4).bool().expand(2, 12, 12)
    hidden = plain.embed(x)
    for layer in plain.encoders:
        hidden, _ = layer(hidden, band)
    expected = plain.after_norm(hidden[0])
    assert torch.allclose(encoder(x, torch.tensor([12, 12]))[0], expected, atol=1e-6)


def test_the_last_frame_sees_what_an_ordinary_conformer_shows_it():
    """One layer, a window over everything, no convolution in time."""
    encoder = make(1, past_frames=100, conv_past_frames=0)
    conf = {**SIZES, "num_blocks": 1, "macaron_style": True, "cnn_module_kernel": 1}
    plain = build_encoder("conformer", 6, conf, []).double().eval()
    plain.load_state_dict(encoder.state_dict())
    x, lengths = torch.randn(2, 20, 6).double(), torch.tensor([20, 20])
    ours, theirs = encoder(x, lengths)[0], plain(x, lengths)[0]
    assert torch.allclose(ours[:, -1], theirs[:, -1], atol=1e-6)
    assert not torch.allclose(ours[:, 0], theirs[:, 0], atol=1e-3)


def test_every_parameter_learns():
    encoder = make(conv_future_frames=1).train()
    encoder(torch.randn(2, 12, 6).double(), torch.tensor([12, 7]))[0].square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())
