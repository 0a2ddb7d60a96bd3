"""The nearest items of each query, in the order of a finer score of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

_PAIRS = 256
"""Scored at a time."""


def rerank(
    model: Any,
    queries: Mapping[str, np.ndarray],
    items: Mapping[str, np.ndarray],
    parts: Mapping[str, Mapping[str, Tensor]],
    views: tuple[str, str],
    device: torch.device | str,
) -> dict[str, list[str]]:
    """Put the `num_candidates` items that are nearest to each query in order, the best first.

    Args:
        model: with `num_candidates` and `score_parts`.
        queries: name -> (D,) vector.
        items: name -> (D,) vector; the nearest have the highest inner product.
        parts: view -> name -> (L, D') what `score_parts` looks at.
        views: of the queries and of the items.
        device: of the model.

    Returns:
        Name of a query -> names of its candidates.
    """
    names = list(items)
    every = torch.from_numpy(np.stack(list(items.values())))
    found = {}
    for query, vector in queries.items():
        near = every @ torch.from_numpy(vector)
        best = near.topk(min(model.num_candidates, len(names))).indices.tolist()
        candidates = [names[number] for number in best]
        scores = _scores(model, parts, views, query, candidates, device)
        order = scores.argsort(descending=True, stable=True).tolist()
        found[query] = [candidates[number] for number in order]
    return found


def _scores(
    model: Any,
    parts: Mapping[str, Mapping[str, Tensor]],
    views: tuple[str, str],
    query: str,
    candidates: Sequence[str],
    device: torch.device | str,
) -> Tensor:
    """(N,) float32 of the candidates, on the CPU."""
    scores = []
    for start in range(0, len(candidates), _PAIRS):
        chosen = candidates[start : start + _PAIRS]
        sides = {
            views[0]: [parts[views[0]][query]] * len(chosen),
            views[1]: [parts[views[1]][name] for name in chosen],
        }
        on_device = {view: [p.to(device).float() for p in rows] for view, rows in sides.items()}
        scores.append(model.score_parts(on_device).float().cpu())
    return torch.cat(scores)
