"""Keys and values of the tokens that a decoder was fed, and whose hypotheses they are part of."""

from __future__ import annotations

import torch
from torch import Tensor

_FIRST_CAPACITY = 64
"""Cached tokens per utterance before the buffers grow (they double)."""
_TIDY_EVERY = 16
"""Steps between two looks at how many tokens are still part of a hypothesis."""


class LayerPrefix:
    """Keys and values of the tokens fed to one layer, in the order in which they came."""

    def __init__(self, like: Tensor, num_heads: int, head_size: int) -> None:
        shape = (like.size(0), num_heads, _FIRST_CAPACITY, head_size)
        self._buffers = [like.new_empty(shape), like.new_empty(shape)]
        self._used = 0

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add (B, heads, W, D / heads) entries; returns all of them, (B, heads, E, D / heads)."""
        end = self._used + keys.size(2)
        for index, new in enumerate((keys, values)):
            old = self._buffers[index]
            if end > old.size(2):
                grown = old.new_empty(*old.shape[:2], 2 * end, old.size(3))
                grown[:, :, : self._used] = old[:, :, : self._used]
                self._buffers[index] = grown
            self._buffers[index][:, :, self._used : end] = new
        self._used = end
        return self._buffers[0][:, :, :end], self._buffers[1][:, :, :end]

    def keep(self, utts: Tensor) -> None:
        """Go on with utterances `utts` (B',)."""
        self._buffers = [keep_rows(buffer, utts) for buffer in self._buffers]

    def tidy(self, entries: Tensor) -> None:
        """Go on with the entries (B, E') alone."""
        self._used = entries.size(1)
        for buffer in self._buffers:
            index = entries[:, None, :, None].expand(-1, buffer.size(1), -1, buffer.size(3))
            buffer[:, :, : self._used] = buffer.gather(2, index)


class PrefixTree:
    """All hypotheses that were ever begun, as a tree whose nodes the layers have cached.

    Nothing is moved when hypotheses are pruned or branch: a mask says which entries are ancestors
    of which hypothesis. Moving them instead took 40 % of the search. Hypotheses that live have
    almost all of their past in common, so what is no ancestor of any is thrown out now and then.

    Args:
        layers: caches of the layers.
        like: on the device, of the type and with the batch size B of what is cached.
    """

    def __init__(self, layers: list[LayerPrefix], like: Tensor) -> None:
        self.layers = layers
        self._dtype = like.dtype
        # (B, W, E): True = this token is part of that hypothesis
        self._ancestors = torch.empty(like.size(0), 1, 0, dtype=torch.bool, device=like.device)
        self._steps = 0

    def grow(self, width: int) -> Tensor:
        """Every hypothesis gets a token; returns what to add to scores of attention (B, 1, W, E).

        The layers are to append the entries.
        """
        itself = torch.eye(width, dtype=torch.bool, device=self._ancestors.device)
        itself = itself.expand(self._ancestors.size(0), -1, -1)
        self._ancestors = torch.cat([self._ancestors, itself], dim=2)
        self._steps += 1
        return additive_mask(self._ancestors[:, None], self._dtype)

    def keep(self, utts: Tensor, parents: Tensor) -> None:
        """Go on with utterances `utts` (B',) and their hypotheses `parents` (B', W')."""
        if utts.numel() != self._ancestors.size(0):
            self._ancestors = self._ancestors[utts]
            for layer in self.layers:
                layer.keep(utts)
        entries = parents[..., None].expand(-1, -1, self._ancestors.size(2))
        self._ancestors = self._ancestors.gather(1, entries)
        if self._steps % _TIDY_EVERY == 0 and self._ancestors.numel():
            self._tidy()

    def _tidy(self) -> None:
        """Throw out what is part of no hypothesis, if that is more than half of all."""
        is_needed = self._ancestors.any(dim=1)
        most = int(is_needed.sum(dim=1).max())
        if 2 * most > is_needed.size(1):
            return
        # Utterances that need fewer keep some that nobody is told to look at.
        order = is_needed.to(torch.uint8).argsort(dim=1, descending=True, stable=True)
        entries = order[:, :most].sort(dim=1).values
        width = self._ancestors.size(1)
        self._ancestors = self._ancestors.gather(2, entries[:, None].expand(-1, width, -1))
        for layer in self.layers:
            layer.tidy(entries)


def keep_rows(buffer: Tensor, rows: Tensor) -> Tensor:
    """Rows (B',) of a buffer (B, ...), in its memory: only those that change their place are moved.

    The buffer is of no use afterwards.
    """
    moved = (rows != torch.arange(len(rows), device=rows.device)).nonzero()[:, 0]
    if len(moved):
        buffer[moved] = buffer[rows[moved]]
    return buffer[: len(rows)]


def additive_mask(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The form that attention wants, made once for all layers; True = attend."""
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, -torch.inf)
