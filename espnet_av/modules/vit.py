"""Transformers over patches: what encodes films, and what fills in what was hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.modules.film_grid import FilmConfig
from espnet_av.modules.wav2vec2_layer import Wav2Vec2Layer
from espnet_av.ops.sincos_positions import sincos_grid

_EPS = 1e-6
_STD = 0.02
Positions = Literal["sincos", "learned"]


@dataclass(frozen=True, kw_only=True)
class VitConfig:
    """Layers with the norm in front of each block; the defaults are those of ViT-B."""

    size: int = 768
    """D."""
    num_layers: int = 12
    """Layers."""
    attention_heads: int = 12
    """Heads."""
    linear_units: int = 3072
    """Inside the feed-forward block."""
    dropout_rate: float = 0.0
    """On the output of each block."""
    positions: Positions = "sincos"
    """Of boxes: fixed, or learned as a sum of those of time and of space."""

    def __post_init__(self) -> None:
        if min(self.num_layers, self.linear_units, self.attention_heads) < 1:
            msg = (
                f"num_layers {self.num_layers}, attention_heads {self.attention_heads}, "
                f"linear_units {self.linear_units}; all are at least 1 (ViT-B: 12, 12, 3072)"
            )
            raise ConfigError(msg)
        if self.size < 6 or self.size % 2 or self.size % self.attention_heads:
            msg = (
                f"size {self.size} with {self.attention_heads} attention_heads; it is even, at "
                "least 6, and a multiple of the heads (ViT-B: 768 and 12)"
            )
            raise ConfigError(msg)
        if not 0.0 <= self.dropout_rate <= 1.0:
            msg = f"dropout_rate is {self.dropout_rate}; it must be in 0..1"
            raise ConfigError(msg)


class VitLayers(nn.Module):
    """The layers and the norm behind them.

    Args:
        config: see `VitConfig`.
    """

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        rates = (config.dropout_rate, 0.0, 0.0)
        self.layers = nn.ModuleList(
            Wav2Vec2Layer(
                config.size, config.attention_heads, config.linear_units, *rates, True, _EPS
            )
            for _ in range(config.num_layers)
        )
        self.norm = nn.LayerNorm(config.size, eps=_EPS)
        init_xavier(self)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, N, D), (B, 1, 1, N) bool of what is attended to -> (B, N, D)."""
        for layer in self.layers:
            x = layer(x, mask)
        normed: Tensor = self.norm(x)
        return normed


class GridPositions(nn.Module):
    """(N, D) of the boxes of a film.

    Args:
        film: how films are cut.
        size: D.
        kind: see `VitConfig.positions`.
    """

    fixed: Tensor

    def __init__(self, film: FilmConfig, size: int, kind: Positions) -> None:
        super().__init__()
        self.kind = kind
        if kind == "sincos":
            self.register_buffer("fixed", sincos_grid(film.grid, size), persistent=False)
        else:
            times, rows, columns = film.grid
            self.time = _token(times, 1, size)
            self.space = _token(1, rows * columns, size)

    def forward(self) -> Tensor:
        """(N, D), boxes by time, row and column."""
        if self.kind == "sincos":
            return self.fixed
        return (self.time + self.space).flatten(0, 1)


class FilmEncoder(nn.Module):
    """Boxes of a film -> transformer, of all or of some of them.

    Args:
        film: how films are cut.
        config: see `VitConfig`.
    """

    def __init__(self, film: FilmConfig, config: VitConfig) -> None:
        super().__init__()
        self.num_times = film.grid[0]
        self.embed = nn.Linear(film.num_values, config.size)
        init_xavier(self.embed)
        self.positions = GridPositions(film, config.size, config.positions)
        self.transformer = VitLayers(config)

    def forward(self, patches: Tensor, places: Tensor) -> Tensor:
        """Encodes the boxes that are there; what is hidden is never computed.

        Args:
            patches: (B, N, P).
            places: (B, K) int64, which of the N.

        Returns:
            (B, K, D).
        """
        chosen = patches.gather(1, places.unsqueeze(2).expand(-1, -1, patches.size(2)))
        encoded: Tensor = self.transformer(self.embed(chosen) + self.positions()[places])
        return encoded

    def frames(self, patches: Tensor) -> Tensor:
        """One embedding for each time, the mean over space, through the transformer.

        Args:
            patches: (B, N, P).

        Returns:
            (B, N / (boxes of one time), D).
        """
        embedded = self.embed(patches) + self.positions()
        # (B, T * S, D) -> (B, T, S, D) -> (B, T, D)
        means = embedded.unflatten(1, (self.num_times, -1)).mean(dim=2)
        encoded: Tensor = self.transformer(means)
        return encoded


def _token(*shape: int) -> nn.Parameter:
    return nn.Parameter(nn.init.normal_(torch.empty(shape), std=_STD))


def token(size: int) -> nn.Parameter:
    """(D,) learned, small at the start."""
    return _token(size)


def init_xavier(module: nn.Module) -> None:
    """Gives every linear layer inside its first weights, as masked autoencoders have them."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)
