"""Models whose shapes alone are looked at."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from espnet_av.models.small_ones import SmallOnes


def test_small_tensors_are_made_and_large_ones_take_no_memory():
    with SmallOnes():
        made = [torch.zeros(3), torch.ones((2, 2)), torch.full([2], 7.0), torch.empty(size=(4,))]
        curves = [torch.arange(5), torch.linspace(0, 1, 5), torch.hann_window(400)]
        large = [torch.empty(10**6, 10**6), torch.zeros((10**9,)), torch.arange(10**12)]
        large += [torch.linspace(0, 1, steps=10**12), torch.rand(10**12), torch.hann_window(10**12)]
    assert all(value.device.type == "cpu" for value in made + curves)
    assert all(value.device.type == "meta" for value in large)
    assert [value.numel() for value in made] == [3, 4, 2, 4] and made[2].tolist() == [7.0, 7.0]
    assert large[0].shape == (10**6, 10**6)


def test_many_small_ones_are_large():
    with SmallOnes():
        devices = [torch.empty(1 << 22).device.type for _ in range(20)]
    assert devices == ["cpu"] * 16 + ["meta"] * 4


def test_nothing_is_drawn():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with SmallOnes():
        layers = [nn.Linear(2, 2), nn.Conv1d(2, 2, 3), nn.LSTM(2, 2), nn.Embedding(4, 2)]
        layers[0].weight.data.normal_().uniform_()
        nn.init.trunc_normal_(layers[0].weight)
        nn.init.kaiming_normal_(layers[1].weight)
        nn.init.xavier_uniform_(layers[1].weight)
        nn.init.normal_(layers[3].weight, std=2.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert layers[0].weight.shape == (2, 2)


def test_what_mixes_both_raises():
    with SmallOnes(), pytest.raises(RuntimeError, match="device"):
        torch.zeros(10**6, 10**6) + torch.zeros(10**6)
