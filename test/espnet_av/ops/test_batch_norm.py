"""Batch norm of uneven numbers of channels: values, gradients, statistics, and when it is used."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from espnet_av.ops.batch_norm import channel_statistics, is_uneven, normalise_uneven

SHAPES = {"uneven": (5, 3, 4, 2), "one picture": (1, 12, 3, 3), "one pixel": (6, 5, 1, 1)}


def pictures(shape, dtype=torch.float64):
    torch.manual_seed(0)
    x = 3.0 * torch.randn(shape, dtype=dtype) + 7.0
    return x.contiguous(memory_format=torch.channels_last)


def of_own(x, weight, bias):
    return normalise_uneven(x, weight, bias, *channel_statistics(x.detach()), 1e-5, of_x=True)


def of_given(statistics, x, weight, bias):
    return normalise_uneven(x, weight, bias, *statistics, 1e-5, of_x=False)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_values_and_gradients_are_those_of_torch(shape):
    found = []
    statistics = [torch.rand(shape[1], dtype=torch.float64) + 1.0 for _ in range(2)]
    for run in (
        of_own,
        lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
        partial(of_given, statistics),
        lambda x, w, b: F.batch_norm(x, *statistics, w, b),
    ):
        x = pictures(shape).requires_grad_()
        weight = torch.linspace(-1, 2, shape[1], dtype=torch.float64).requires_grad_()
        bias = torch.linspace(0, 1, shape[1], dtype=torch.float64).requires_grad_()
        out = run(x, weight, bias)
        out.sin().sum().backward()
        found.append((out, x.grad, weight.grad, bias.grad))
    for ours, theirs in (found[:2], found[2:]):
        for a, b in zip(ours, theirs, strict=True):
            assert torch.allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("own", [True, False])
def test_gradients(own):
    shape = SHAPES["uneven"]
    run = of_own if own else partial(of_given, channel_statistics(pictures(shape)))
    values = (pictures(shape), torch.rand(3).double(), torch.rand(3).double())
    assert torch.autograd.gradcheck(run, [value.requires_grad_() for value in values])


def test_statistics_of_many_pixels_are_exact():
    """torch's own are a hundred times further from the truth."""
    x = pictures((100, 12, 20, 20), torch.float32)
    found = channel_statistics(x)
    truth = x.double().mean((0, 2, 3)), x.double().var((0, 2, 3), unbiased=False)
    for a, b in zip(found, truth, strict=True):
        assert torch.allclose(a.double(), b, rtol=3e-7)


def test_output_may_be_overwritten():
    x = pictures(SHAPES["uneven"]).requires_grad_()
    found = []
    for act in (F.relu, F.relu_):
        grad = torch.autograd.grad(act(of_own(x, x.new_ones(3), x.new_zeros(3))).square().sum(), x)
        found.append(grad[0])
    assert torch.equal(*found)


def test_where_torch_is_as_fast_it_is_left_alone():
    x = torch.zeros(64, 12, 8, 8).contiguous(memory_format=torch.channels_last)
    assert is_uneven(x)
    assert not is_uneven(x[:, :8].contiguous(memory_format=torch.channels_last))
    assert not is_uneven(x.contiguous())
    assert not is_uneven(x.bfloat16())
    assert not is_uneven(x[:63])
    wide = torch.zeros(4096, 68, 1, 1).contiguous(memory_format=torch.channels_last)
    assert not is_uneven(wide)
    assert is_uneven(wide[:, :60].contiguous(memory_format=torch.channels_last))
