"""The wav2vec 2.0 transformer: oracle, padding, layerdrop, checkpointing, sharding, size."""

import copy

import pytest
import torch
import torch.nn.functional as F

from espnet_av.errors import ConfigError
from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.positional_conv import PositionalConv
from espnet_av.modules.wav2vec2_encoder import Wav2Vec2Encoder

SMALL = {"num_layers": 3, "attention_heads": 2, "linear_units": 12, "pos_conv_groups": 2}


def make(size=8, **conf):
    torch.manual_seed(0)
    return Wav2Vec2Encoder(size, **{**SMALL, "pos_conv_kernel": 4, **conf})


@pytest.mark.parametrize("kernel", [1, 4, 5])
def test_positional_convolution_against_a_loop(kernel):
    torch.manual_seed(0)
    conv, x = PositionalConv(6, kernel, 2), torch.randn(1, 7, 6)
    part = conv[0]
    part.weight_g.data.uniform_(0.5, 2.0)
    part.bias.data.normal_()
    expected = torch.zeros(7, 6)
    for t in range(7):
        for out in range(6):
            value = part.bias[out].item()
            for tap in range(kernel):
                if 0 <= t + tap - kernel // 2 < 7:
                    taps = part.weight_v[:, :, tap]
                    weight = part.weight_g[0, 0, tap] * taps[out] / taps.square().sum().sqrt()
                    group = slice(0, 3) if out < 3 else slice(3, 6)
                    value += (weight * x[0, t + tap - kernel // 2, group]).sum().item()
            expected[t, out] = value
    assert torch.allclose(conv(x)[0], F.gelu(expected), atol=1e-5)


def test_positional_convolution_starts_unchanged_by_its_norm():
    part = PositionalConv(8, 4, 2)[0]
    x = torch.randn(1, 8, 9)
    plain = F.conv1d(x, part.weight_v, part.bias, padding=2, groups=2)[:, :, :9]
    assert torch.allclose(part(x), plain, atol=1e-6)
    assert part.weight_g.shape == (1, 1, 4)


@pytest.mark.parametrize("pre_norm", [True, False])
def test_padding_changes_nothing_and_never_becomes_nan(pre_norm):
    encoder = make(pre_norm=pre_norm).eval()
    x, lengths = torch.randn(3, 9, 8), torch.tensor([9, 4, 0])
    x[1, 4:] = float("nan")
    out, out_lengths, _ = encoder(x, lengths)
    assert out_lengths is lengths
    alone, _, _ = encoder(x[1:2, :4], lengths[1:2])
    assert torch.allclose(out[1, :4], alone[0], atol=1e-6)
    assert out.isfinite().all()


@pytest.mark.parametrize("pre_norm", [True, False])
def test_layers_are_the_residual_stream(pre_norm):
    encoder = make(pre_norm=pre_norm).eval()
    x, lengths = torch.randn(2, 5, 8), torch.tensor([5, 3])
    last, out, second = encoder.layer_outputs(x, lengths, [3, None, 2])
    assert torch.equal(encoder(x, lengths)[0], out)
    assert torch.equal(out, encoder.layer_norm(last) if pre_norm else last)
    shorter = make(pre_norm=pre_norm, num_layers=2).eval()
    shorter.load_state_dict(encoder.state_dict(), strict=False)
    assert torch.equal(second, shorter.layer_outputs(x, lengths, [2])[0])


@pytest.mark.parametrize("layer", [-1, 4])
def test_a_layer_that_does_not_exist(layer):
    with pytest.raises(ConfigError, match=f"layer {layer} .* 1 to 3"):
        make().layer_outputs(torch.randn(1, 2, 8), torch.tensor([2]), [layer])


def test_layerdrop_skips_the_same_layers_on_every_rank_and_keeps_gradients():
    encoder = make(layerdrop=0.5, dropout_rate=0.0, attention_dropout_rate=0.0)
    x, lengths = torch.randn(1, 6, 8), torch.tensor([6])
    outputs = []
    for step in range(20):
        encoder.set_step(step, rank=0, seed=1)
        outputs.append(encoder(x, lengths)[0])
        encoder.set_step(step, rank=1, seed=1)
        assert torch.equal(outputs[-1], encoder(x, lengths)[0])
        encoder.zero_grad(set_to_none=True)
        outputs[-1].square().sum().backward()
        assert all(parameter.grad is not None for parameter in encoder.parameters())
    distinct = {tuple(out.detach().flatten().tolist()) for out in outputs}
    assert 3 < len(distinct) <= 2**3
    # All three skipped: what is left is the positional convolution.
    bare = encoder.layer_norm(x + encoder.pos_conv(x))
    assert any(torch.allclose(out, bare) for out in outputs)
    encoder.eval()
    assert torch.equal(encoder(x, lengths)[0], encoder(x, lengths)[0])


def test_checkpointing_gives_the_same_gradients():
    plain = make(layerdrop=0.0)
    lean = copy.deepcopy(plain)
    lean.checkpoint_layers = True
    x, lengths = torch.randn(2, 6, 8), torch.tensor([6, 4])
    for encoder in (plain, lean):
        torch.manual_seed(3)
        out, _, _ = encoder(x, lengths)
        out[0].square().sum().backward()
    for one, two in zip(plain.parameters(), lean.parameters(), strict=True):
        assert torch.equal(one.grad, two.grad)


def test_a_skipped_layer_survives_sharding(tmp_path):
    """Sharded over one process, a step with and one without a layer give the unsharded result."""
    encoder = make(layerdrop=0.5, dropout_rate=0.0, attention_dropout_rate=0.0)
    plain = copy.deepcopy(encoder)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1
    )
    try:
        mesh = torch.distributed.init_device_mesh("cpu", (1,))
        for layer in encoder.layers:
            torch.distributed.fsdp.fully_shard(layer, mesh=mesh)
        torch.distributed.fsdp.fully_shard(encoder, mesh=mesh)
        x, lengths = torch.randn(2, 6, 8), torch.tensor([6, 4])
        for step in range(4):
            for model in (encoder, plain):
                model.set_step(step)
                model(x, lengths)[0][0].square().sum().backward()
        for one, two in zip(encoder.parameters(), plain.parameters(), strict=True):
            assert torch.allclose(one.grad.full_tensor(), two.grad, atol=1e-6)
    finally:
        torch.distributed.destroy_process_group()


@pytest.mark.parametrize(
    ("size", "num_layers", "heads", "linear_units", "millions"),
    [
        (768, 12, 12, 3072, 89.8),
        (1024, 24, 16, 4096, 310.7),
        (1280, 48, 16, 5120, 957.6),
        (1920, 48, 16, 7680, 2154.1),
    ],
)
def test_published_sizes_on_the_meta_device(size, num_layers, heads, linear_units, millions):
    conf = {"num_layers": num_layers, "attention_heads": heads, "linear_units": linear_units}
    with torch.device("meta"):
        encoder = build_encoder("wav2vec2", size, conf, [])
    count = sum(parameter.numel() for parameter in encoder.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.06)


def test_start_is_berts():
    encoder = make(size=64, linear_units=256)
    for layer in encoder.layers:
        for linear in (layer.self_attn.q_proj, layer.self_attn.out_proj, layer.fc1, layer.fc2):
            assert linear.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert not linear.bias.any()


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"attention_heads": 3}, "attention_heads is 3.*feature size 8; try 2"),
        ({"pos_conv_groups": 16}, "pos_conv_groups is 16.*try 8"),
        ({"layerdrop": 1.0}, "layerdrop 1.0"),
        ({"num_layers": 0}, "num_layers 0"),
    ],
)
def test_bad_settings_say_what_to_do(conf, message):
    with pytest.raises(ConfigError, match=message):
        make(**conf)
