"""Retrieval: at which rank a query finds what belongs to it."""

from __future__ import annotations

import torch
from torch import Tensor

_CHUNK = 1024
"""Queries at a time, so that a large set needs no square matrix."""


def retrieval_ranks(
    queries: Tensor,
    items: Tensor,
    query_ids: Tensor,
    item_ids: Tensor,
    groups: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Rank of the best right item of every query, from 1, among all items.

    Among items that are as near as the right one, the rank is the mean over all their orders:
    vectors that are all equal are at chance, instead of finding everything, or nothing.

    Args:
        queries: (Q, D) float vectors; of any length, compared by their inner product. Divide them
            by their norm for the cosine.
        items: (N, D) float vectors.
        query_ids: (Q,) int64; what each query is about.
        item_ids: (N,) int64; an item with the same number is right.
        groups: (Q,) and (N,) int64; an item of a query's own group is not there for it, as the
            query itself, or what is in its language. None: all items are.

    Returns:
        (Q,) float64; 0 for a query that nothing belongs to.

    Raises:
        ValueError: the shapes do not fit, or a vector is not finite.
    """
    if queries.shape[1:] != items.shape[1:] or queries.dim() != 2:
        msg = f"queries {tuple(queries.shape)} and items {tuple(items.shape)} are not of one size"
        raise ValueError(msg)
    for name, vectors in (("queries", queries), ("items", items)):
        bad = (~torch.isfinite(vectors).all(dim=1)).nonzero()
        if len(bad):
            msg = f"{name}: vector {int(bad[0])} is not finite"
            raise ValueError(msg)
    ranks = []
    for start in range(0, len(queries), _CHUNK):
        part = slice(start, start + _CHUNK)
        # (Q, N)
        scores = queries[part] @ items.T
        right = query_ids[part, None] == item_ids[None]
        if groups is not None:
            own = groups[0][part, None] == groups[1][None]
            scores, right = scores.masked_fill(own, -torch.inf), right & ~own
        best = scores.masked_fill(~right, -torch.inf).amax(dim=1, keepdim=True)
        nearer = ((scores > best) & ~right).sum(dim=1).double()
        wrong = ((scores == best) & ~right).sum(dim=1)
        equal = ((scores == best) & right).sum(dim=1)
        # Of `equal` among as many and `wrong` ones, the first one's mean place.
        place = (wrong + equal + 1) / (equal + 1)
        ranks.append(torch.where(right.any(dim=1), nearer + place, 0))
    return torch.cat(ranks) if ranks else torch.zeros(0, dtype=torch.float64)
