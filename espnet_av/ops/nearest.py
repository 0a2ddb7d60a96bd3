"""The nearest of many vectors, which need not fit into memory at once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def nearest(queries: Tensor, blocks: Iterable[Tensor], num: int) -> tuple[Tensor, Tensor]:
    """The `num` vectors with the largest inner product with each query, largest first.

    Of vectors that are as near the earlier one comes first.

    Args:
        queries: (Q, D) float32.
        blocks: (N_i, D) float of any width, one after the other; each is looked at once.
        num: K, at least 1.

    Returns:
        ((Q, K) float32 inner products, (Q, K) int64 places, counted through all blocks); K is less
        where there are fewer vectors.

    Raises:
        ValueError: the shapes do not fit, or a query is not finite.
    """
    if queries.dim() != 2 or num < 1 or not bool(torch.isfinite(queries).all()):
        msg = f"queries {tuple(queries.shape)}, num {num}: two axes, finite numbers, at least 1"
        raise ValueError(msg)
    scores = queries.new_empty(len(queries), 0)
    places = torch.empty(len(queries), 0, dtype=torch.int64, device=queries.device)
    start = 0
    for block in blocks:
        if block.shape[1:] != queries.shape[1:]:
            msg = f"queries {tuple(queries.shape)} and a block {tuple(block.shape)} differ in size"
            raise ValueError(msg)
        # (Q, N_i)
        found = queries @ block.to(queries).T
        start += len(block)
        if scores.size(1) == num and not bool((found > scores[:, -1:]).any()):
            continue  # as almost all blocks of many
        here, columns = _largest(found, num)
        scores = torch.cat([scores, here], dim=1)
        places = torch.cat([places, start - len(block) + columns], dim=1)
        # Stable, and those of earlier blocks stand before the others.
        scores, order = scores.sort(dim=1, descending=True, stable=True)
        scores, places = scores[:, :num], places.gather(1, order)[:, :num]
    return scores, places


def _largest(scores: Tensor, num: int) -> tuple[Tensor, Tensor]:
    """The largest (Q, K) of (Q, N) and their columns, in the order of columns where equal."""
    num = min(num, scores.size(1))
    if not num:
        return scores[:, :0], torch.zeros_like(scores[:, :0], dtype=torch.int64)
    least = scores.topk(num, dim=1).values[:, -1:]
    # topk takes any of those that are as large as the last one.
    if bool(((scores >= least).sum(dim=1) > num).any()):
        values, columns = scores.sort(dim=1, descending=True, stable=True)
        return values[:, :num], columns[:, :num]
    columns = scores.topk(num, dim=1).indices.sort(dim=1).values
    values = scores.gather(1, columns)
    values, order = values.sort(dim=1, descending=True, stable=True)
    return values, columns.gather(1, order)
