"""Res-DAVEnet: published size and lengths, padding, and an independent copy of it."""

import pytest
import torch
from oracles import fast_vgs

from espnet_av.errors import ConfigError
from espnet_av.modules.resdavenet import ResDavenet, ResDavenetConfig

SMALL = ResDavenetConfig(stem=5, widths=(4, 6, 7), kernel=3)


def small(seed=0):
    torch.manual_seed(seed)
    return ResDavenet(SMALL, 6)


def test_published_size_and_lengths():
    with torch.device("meta"):
        net = ResDavenet(ResDavenetConfig(), 768)
    assert sum(p.numel() for p in net.parameters()) == 31_064_704
    lengths = {}
    for count in (49, 99, 374, 399, 499):
        out, left = net(torch.zeros(1, count, 768, device="meta"), torch.tensor([count]))
        assert out.shape == (1, left[0], 768)
        lengths[count] = left.item()
    assert lengths == {49: 4, 99: 7, 374: 24, 399: 25, 499: 32}
    assert ResDavenetConfig().factor == 16


@pytest.mark.parametrize("training", [True, False])
def test_padding_changes_nothing(training):
    """Neither frames nor statistics, whatever stands behind the end of an utterance."""
    x, lengths = torch.randn(3, 21, 6), torch.tensor([21, 9, 1])
    longer = torch.cat([x, torch.full((3, 10, 6), 99.0)], dim=1)
    longer[1, 9:], longer[2, 1:] = -50.0, torch.nan_to_num(torch.randn(30, 6) * 1e3)
    nets = [small().train(training) for _ in range(2)]
    (one, left), (two, again) = nets[0](x, lengths), nets[1](longer, lengths)
    assert left.tolist() == again.tolist() == [3, 2, 1]
    for row, count in enumerate(left.tolist()):
        assert torch.allclose(one[row, :count], two[row, :count], atol=1e-5)
        assert not two[row, count:].any()
    state = nets[1].state_dict()
    for name, value in nets[0].state_dict().items():
        assert torch.allclose(value, state[name], atol=1e-4), name
    if not training:
        for row, count in enumerate(lengths.tolist()):
            alone, _ = nets[0](x[row : row + 1, :count], lengths[row : row + 1])
            assert torch.allclose(alone[0], one[row, : left[row]], atol=1e-5)


def test_gradients_of_padding_are_nothing():
    x = torch.randn(2, 12, 6, requires_grad=True)
    out, _ = small()(x, torch.tensor([12, 5]))
    out.square().sum().backward()
    assert not x.grad[1, 5:].any()
    assert x.grad[1, :5].any()


def test_first_weights():
    torch.manual_seed(0)
    net = ResDavenet(ResDavenetConfig(stem=64, widths=(64, 128)), 8)
    block = net.blocks[2]
    assert block.conv1.weight.std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.05)
    assert block.shortcut.weight.std().item() == pytest.approx((2 / 128) ** 0.5, rel=0.05)
    assert all(conv.bias is None for conv in (block.conv1, block.conv2, block.shortcut))


def test_the_independent_copy_gives_the_same():
    """Two-dimensional convolutions under the published names, batch norm in evaluation."""
    theirs = fast_vgs.below(fast_vgs.dual_encoder(), "conv2.")
    net = ResDavenet(ResDavenetConfig(stem=5, widths=(5, 6, 7, 12)), 12).eval()
    names = {"linear": "linear", "bn1": "norm"}
    parts = {"conv1": "conv1", "bn1": "norm1", "conv2": "conv2", "bn2": "norm2"}
    parts |= {"downsample.0": "shortcut", "downsample.1": "shortcut_norm"}
    for n in range(8):
        for part, own in parts.items():
            names[f"layer{n // 2 + 1}.{n % 2}.{part}"] = f"blocks.{n}.{own}"
    weights = {}
    for name, value in theirs.items():
        part, leaf = name.rsplit(".", 1)
        weights[f"{names[part]}.{leaf}"] = value.squeeze(2) if value.dim() == 4 else value
    net.load_state_dict(weights)
    for count in (1, 16, 37):
        x = torch.randn(2, count, 12)
        found, _ = net(x, torch.full((2,), count))
        assert torch.allclose(found, fast_vgs.residual_net(theirs, x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("wrong", [{"stem": 0}, {"widths": ()}, {"widths": (4, 0)}, {"kernel": 4}])
def test_sizes_that_make_no_net(wrong):
    with pytest.raises(ConfigError, match="taps an odd number"):
        ResDavenetConfig(**wrong)
