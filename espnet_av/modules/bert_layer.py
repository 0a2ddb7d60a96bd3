"""Transformer layers as in BERT: norm after each block, all sequences without positions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.modules.wav2vec2_layer import Wav2Vec2Layer
from espnet_av.ops.precision import full_precision

INIT_STD = 0.02
"""Standard deviation of linear layers at the start, in layers of BERT's size."""
_SIZE = 768
"""BERT's."""
NORM_EPS = 1e-12
"""Of the layer norms; wav2vec 2.0 has 1e-5."""


@dataclass(frozen=True, kw_only=True)
class BertConfig:
    """One layer; its size is that of what it gets."""

    attention_heads: int = 12
    """Heads."""
    linear_units: int = 3072
    """Inside the feed-forward block."""
    dropout_rate: float = 0.1
    """On the output of each block."""
    attention_dropout_rate: float = 0.1
    """On the attention weights."""

    def check(self, size: int) -> None:
        """Check that it goes with a size of features.

        Raises:
            ConfigError: it does not.
        """
        if min(self.attention_heads, self.linear_units) < 1 or size % self.attention_heads:
            msg = (
                f"bert: {self.attention_heads} attention_heads and {self.linear_units} "
                f"linear_units, features of size {size}; the heads divide the size (12 of 768)"
            )
            raise ConfigError(msg)
        for name in ("dropout_rate", "attention_dropout_rate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                msg = f"bert: {name} is {getattr(self, name)}; it must be in 0..1"
                raise ConfigError(msg)


def bert_layer(config: BertConfig, size: int) -> Wav2Vec2Layer:
    """A layer with fresh weights.

    Args:
        config: see `BertConfig`.
        size: D.

    Raises:
        ConfigError: heads and size do not go together.
    """
    config.check(size)
    rates = (config.dropout_rate, config.attention_dropout_rate, 0.0)
    layer = Wav2Vec2Layer(
        size, config.attention_heads, config.linear_units, *rates, False, norm_eps=NORM_EPS
    )
    init_linear(layer, size)
    return layer


def projection(size: int, output_size: int, input_size: int | None = None) -> nn.Sequential:
    """Linear -> GELU -> linear, 2 * `size` wide inside; what a class vector goes through."""
    layers = nn.Sequential(
        nn.Linear(input_size or size, 2 * size), nn.GELU(), nn.Linear(2 * size, output_size)
    )
    init_linear(layers, size)
    return layers


def class_vector(size: int) -> nn.Parameter:
    """(1, 1, D), what stands in front of a sequence and comes to speak for all of it."""
    # Not torch.randn, which takes torch's compiler along on the meta device.
    return nn.Parameter(nn.init.normal_(torch.empty(1, 1, size)))


def precisely(layers: nn.Module, x: Tensor) -> Tensor:
    """(N, D) -> (N, E) float32, also where all else runs in half precision.

    Vectors that are compared by their inner product as it is would lose most by that.
    """
    with full_precision(x.device):
        vector: Tensor = layers(x.float())
    return vector


def init_linear(module: nn.Module, size: int = _SIZE) -> None:
    """Gives every linear layer inside its first weights, as in BERT.

    Args:
        module: changed in place.
        size: D. In smaller layers weights are larger, so that as much passes through as in BERT's;
            with its own, a small model gives everything nearly the same vector, and what compares
            vectors learns nothing of that for long.
    """
    std = INIT_STD * math.sqrt(_SIZE / size)
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=std)
            nn.init.zeros_(part.bias)


def key_mask(valid: Tensor) -> Tensor:
    """(B, T) bool, True = valid -> (B, 1, 1, T), as the attention of layers takes it."""
    return valid[:, None, None]
