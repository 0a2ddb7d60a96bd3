"""Bottleneck adapters: nothing at first, then two matrices, behind both blocks of a layer."""

import pytest
import torch

from espnet_av.errors import ConfigError
from espnet_av.modules.adapter import BottleneckAdapter, adapter
from espnet_av.modules.encoder import build_encoder

CONF = {
    "num_layers": 2, "attention_heads": 2, "linear_units": 12, "pos_conv_kernel": 4,
    "pos_conv_groups": 2, "layerdrop": 0.0,
}  # fmt: skip


def test_it_begins_as_the_identity_and_is_a_residual_bottleneck():
    torch.manual_seed(0)
    made, x = adapter(6, 2), torch.randn(2, 3, 6)
    assert torch.equal(made(x), x)
    torch.nn.init.normal_(made.up.weight)
    inner = (x @ made.down.weight.T + made.down.bias).clamp(min=0)
    assert torch.allclose(made(x), x + inner @ made.up.weight.T, atol=1e-6)
    assert not list(adapter(6, 0).parameters())


@pytest.mark.parametrize("pre_norm", [True, False])
def test_an_encoder_with_adapters_begins_as_the_one_without(pre_norm):
    x, lengths = torch.randn(2, 7, 8), torch.tensor([7, 4])
    plain = build_encoder("wav2vec2", 8, {**CONF, "pre_norm": pre_norm}, []).eval()
    adapted = build_encoder("wav2vec2", 8, {**CONF, "pre_norm": pre_norm, "adapter_size": 3}, [])
    missing = adapted.eval().load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert len(missing) == 2 * 2 * 4, "two adapters a layer, two matrices and biases each"
    assert all("adapter." in name for name in missing)
    assert torch.equal(adapted(x, lengths)[0], plain(x, lengths)[0])


def test_each_place_counts():
    x, lengths = torch.randn(1, 5, 8), torch.tensor([5])
    made = build_encoder("wav2vec2", 8, {**CONF, "adapter_size": 3}, []).eval()
    before = made(x, lengths)[0]
    found = [module for module in made.modules() if isinstance(module, BottleneckAdapter)]
    assert len(found) == 4
    for part in found:
        torch.nn.init.normal_(part.down.weight)
        torch.nn.init.normal_(part.up.weight)
        assert not torch.allclose(made(x, lengths)[0], before, atol=1e-4)
        part.make_identity()
    assert torch.equal(made(x, lengths)[0], before)


def test_a_negative_size_is_refused():
    with pytest.raises(ConfigError, match="adapter_size -1 0 or more"):
        build_encoder("wav2vec2", 8, {**CONF, "adapter_size": -1}, [])
