"""Batch norm of mouth frames keeps torch's names, running statistics and errors."""

import copy

import pytest
import torch
from torch import nn

from espnet_av.modules.frontend.batch_norm import FrameBatchNorm, freeze_batch_norm
from espnet_av.ops.batch_norm import is_uneven


def pair(channels=12):
    torch.manual_seed(0)
    ours, theirs = FrameBatchNorm(channels), nn.BatchNorm2d(channels)
    nn.init.normal_(ours.weight)
    theirs.load_state_dict(copy.deepcopy(ours.state_dict()))
    return ours, theirs


def frames(shape=(64, 12, 8, 9)):
    return (2.0 * torch.randn(shape) + 1.0).contiguous(memory_format=torch.channels_last)


def test_training_and_evaluation_are_those_of_torch():
    ours, theirs = pair()
    for training in (True, True, False):
        x = frames()
        assert is_uneven(x)
        found = []
        for module in (ours.train(training), theirs.train(training)):
            given = x.clone(memory_format=torch.preserve_format).requires_grad_()
            out = module(given)
            out.square().sum().backward()
            found.append((out, given.grad))
        for a, b in zip(*found, strict=True):
            assert torch.allclose(a, b, atol=1e-4)
    for name, value in theirs.state_dict().items():
        # As exact as torch is.
        assert torch.allclose(ours.state_dict()[name], value, rtol=1e-4), name
    assert ours.num_batches_tracked == 2


def test_frozen_it_keeps_its_statistics_and_learns():
    ours, _ = pair()
    ours.train()
    freeze_batch_norm(ours)
    before = ours.running_mean.clone()
    ours(frames()).sum().backward()
    assert torch.equal(ours.running_mean, before)
    assert ours.num_batches_tracked == 0
    assert ours.bias.grad.abs().sum() > 0


def test_even_numbers_of_channels_are_torchs_to_the_bit():
    ours, theirs = pair(8)
    x = frames((64, 8, 8, 9))
    assert torch.equal(ours(x), theirs(x))


def test_a_single_value_is_refused_as_by_torch():
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        pair()[0](frames((1, 12, 1, 1)))
