"""Positions of decoders: learned ones with their offset, scale and norm; too long a text."""

import math

import pytest
import torch

from espnet_av.errors import ConfigError
from espnet_av.modules.text_positions import HalvesPositions, LearnedPositions


def test_learned_positions_begin_with_the_third_row():
    made = LearnedPositions(5, 4, 0.0, scale=True, with_norm=True).eval()
    x = torch.randn(2, 3, 4)
    expected = made.norm(x * 2.0 + made.table.weight[2:5])
    assert torch.allclose(made(x), expected)
    assert made.xscale == math.sqrt(4) and made.table.weight.shape == (7, 4)
    made(torch.randn(1, 5, 4))
    with pytest.raises(ConfigError, match=r"text of 6 tokens, .* learned 5 positions"):
        made(torch.randn(1, 6, 4))


def test_computed_positions_can_be_scaled_and_normed_too():
    plain, other = HalvesPositions(4, 0.0), HalvesPositions(4, 0.0, scale=True, with_norm=True)
    x = torch.randn(1, 3, 4)
    assert torch.allclose(other(x), other.norm(plain(2.0 * x)), atol=1e-6)
    assert not list(plain.parameters())
