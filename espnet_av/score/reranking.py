"""Ranks after the nearest items of each query were put in another order."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import numpy as np

from espnet_av.score.conditions import read_rows


def order_file(query: str, item: str) -> str:
    """Name of the file that has the candidates of each query of a view, the best first."""
    return f"{query}_to_{item}.order"


def read_orders(folder: Path, query: str, item: str) -> dict[str, list[str]]:
    """Query -> its candidates, the best first; empty where nothing was put in another order."""
    path = folder / order_file(query, item)
    rows = read_rows(path) if path.is_file() else {}
    return {name: value.split() for name, value in rows.items()}


def ranks_in_order(
    coarse: np.ndarray,
    orders: Mapping[str, Sequence[str]],
    queries: Sequence[str],
    right: Sequence[Container[str]],
    among: Container[str],
) -> np.ndarray:
    """Rank of the best right item: its place among the candidates, else the one it had.

    Args:
        coarse: (Q,) ranks by the vectors, from 1.
        orders: query -> candidates, the best first.
        queries: (Q,) their names.
        right: (Q,) names of the items that belong to each.
        among: items that there are.

    Returns:
        (Q,) float.
    """
    ranks = coarse.astype(np.float64)
    for row, (query, belongs) in enumerate(zip(queries, right, strict=True)):
        listed = [name for name in orders.get(query, ()) if name in among]
        place = next((n for n, name in enumerate(listed, start=1) if name in belongs), None)
        if place is not None:
            ranks[row] = place
    return ranks
