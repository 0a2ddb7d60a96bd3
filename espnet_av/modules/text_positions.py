"""Positions of fairseq's decoders: what is added to embedded tokens, and what follows."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError

FIRST_POSITION = 2
"""fairseq counts positions from its padding id, 1, plus one."""
FIRST_TABLE = 1024
"""Positions computed at first; the table grows when a longer text comes."""


class TextPositions(nn.Module, ABC):
    """embeddings * xscale + positions -> layer norm -> dropout.

    `pe` (1, L, D) and `extend_pe` have ESPnet's names: the search asks for one position at a time.

    Args:
        size: D.
        dropout_rate: on the result.
        scale: whether embeddings are multiplied by the root of D.
        with_norm: whether there is a layer norm.
    """

    pe: Tensor

    def __init__(
        self, size: int, dropout_rate: float, scale: bool = False, with_norm: bool = False
    ) -> None:
        super().__init__()
        self.size, self.xscale = size, math.sqrt(size) if scale else 1.0
        self.norm = nn.LayerNorm(size) if with_norm else None
        self.dropout = nn.Dropout(dropout_rate)

    @abstractmethod
    def extend_pe(self, x: Tensor) -> None:
        """Makes the table as long as (B, L, D), of its type and on its device."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, D) -> (B, L, D)."""
        self.extend_pe(x)
        x = x * self.xscale + self.pe[:, : x.size(1)]
        return self.dropout(x if self.norm is None else self.norm(x))


class HalvesPositions(TextPositions):
    """Sines in the first half of a vector and cosines in the second, counted from 2."""

    def __init__(
        self, size: int, dropout_rate: float, scale: bool = False, with_norm: bool = False
    ) -> None:
        super().__init__(size, dropout_rate, scale, with_norm)
        self.pe = torch.empty(1, 0, size)

    def extend_pe(self, x: Tensor) -> None:
        """See `TextPositions`."""
        if self.pe.size(1) < x.size(1):
            self.pe = position_table(max(FIRST_TABLE, 2 * x.size(1)), self.size, x.device)
        self.pe = self.pe.to(x.device, x.dtype)


class LearnedPositions(TextPositions):
    """A learned vector for each position; the first two rows of the table belong to none.

    Args:
        num_positions: longest text.
        size, dropout_rate, scale, with_norm: see `TextPositions`.
    """

    def __init__(
        self,
        num_positions: int,
        size: int,
        dropout_rate: float,
        scale: bool = False,
        with_norm: bool = False,
    ) -> None:
        super().__init__(size, dropout_rate, scale, with_norm)
        self.table = nn.Embedding(num_positions + FIRST_POSITION, size)
        nn.init.normal_(self.table.weight, std=size**-0.5)

    @property
    def num_positions(self) -> int:
        """Longest text."""
        return self.table.num_embeddings - FIRST_POSITION

    @property
    def pe(self) -> Tensor:  # type: ignore[override]
        """(1, L, D)."""
        return self.table.weight[FIRST_POSITION:].unsqueeze(0)

    def extend_pe(self, x: Tensor) -> None:
        """Checks the length of (B, L, D).

        Raises:
            ConfigError: it has more positions than were learned.
        """
        if x.size(1) > self.num_positions:
            msg = (
                f"a text of {x.size(1)} tokens, but the decoder has learned {self.num_positions} "
                "positions; leave such texts out, or limit the search (maxlenratio: -200)"
            )
            raise ConfigError(msg)


def position_table(num_positions: int, size: int, device: torch.device) -> Tensor:
    """(1, L, D) float32: sin(p w) and cos(p w) of positions p from 2, w from 1 down to 1e-4."""
    half = size // 2
    steps = -math.log(10000.0) / max(half - 1, 1)
    rates = torch.exp(torch.arange(half, device=device) * steps)
    positions = torch.arange(num_positions, device=device) + FIRST_POSITION
    # (L, 1) * (D / 2,) -> (L, D / 2)
    angles = positions.unsqueeze(1) * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1).unsqueeze(0)
