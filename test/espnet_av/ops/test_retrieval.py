"""Ranks of retrieval against sorting by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from espnet_av.ops import retrieval
from espnet_av.ops.retrieval import retrieval_ranks


def by_sorting(queries, items, query_ids, item_ids):
    """Slow: mean rank of the first right item over all orders of items that are equally near."""
    ranks = []
    for vector, name in zip(queries.tolist(), query_ids.tolist(), strict=True):
        scored = [
            (-sum(a * b for a, b in zip(vector, item, strict=True)), other == name)
            for item, other in zip(items.tolist(), item_ids.tolist(), strict=True)
        ]
        rights = [score for score, right in scored if right]
        if not rights:
            ranks.append(0)
            continue
        nearer = sum(score < min(rights) for score, _ in scored)
        tied = [right for score, right in scored if score == min(rights)]
        orders = list(itertools.permutations(tied))
        ranks.append(nearer + sum(order.index(True) + 1 for order in orders) / len(orders))
    return ranks


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.integers(0, 10**6))


@given(SIZES)
def test_against_sorting(sizes):
    num_queries, num_items, dim, seed = sizes
    draw = torch.Generator().manual_seed(seed)
    queries = torch.randint(-2, 3, (num_queries, dim), generator=draw).double()
    items = torch.randint(-2, 3, (num_items, dim), generator=draw).double()
    query_ids = torch.randint(0, 4, (num_queries,), generator=draw)
    item_ids = torch.randint(0, 4, (num_items,), generator=draw)
    found = retrieval_ranks(queries, items, query_ids, item_ids)
    expected = by_sorting(queries, items, query_ids, item_ids)
    assert found.tolist() == pytest.approx(expected)


def test_equal_vectors_are_at_chance():
    names = torch.arange(5)
    assert retrieval_ranks(torch.ones(5, 3), torch.ones(5, 3), names, names).tolist() == [3] * 5
    eye = torch.eye(5)
    assert retrieval_ranks(eye, eye, names, names).tolist() == [1] * 5


def test_several_right_items_and_none():
    items = torch.tensor([[3.0], [2.0], [1.0]])
    ranks = retrieval_ranks(
        torch.ones(3, 1), items, torch.tensor([7, 8, 9]), torch.tensor([8, 7, 7])
    )
    assert ranks.tolist() == [2, 1, 0]
    assert retrieval_ranks(torch.zeros(0, 1), items, torch.zeros(0), torch.zeros(3)).tolist() == []


def test_parts_change_nothing(monkeypatch):
    draw = torch.Generator().manual_seed(0)
    queries, items = (torch.randn(n, 4, generator=draw) for n in (23, 17))
    ids = torch.arange(23) % 17, torch.arange(17)
    whole = retrieval_ranks(queries, items, *ids)
    monkeypatch.setattr(retrieval, "_CHUNK", 5)
    assert retrieval_ranks(queries, items, *ids).equal(whole)


def test_mistakes_are_named():
    one, names = torch.ones(2, 3), torch.arange(2)
    with pytest.raises(ValueError, match="not of one size"):
        retrieval_ranks(one, torch.ones(2, 4), names, names)
    broken = torch.tensor([[1.0, 0.0, 0.0], [0.0, torch.nan, 0.0]])
    with pytest.raises(ValueError, match="items: vector 1 is not finite"):
        retrieval_ranks(one, broken, names, names)


def test_items_of_the_own_group_are_not_there():
    """As if each query had items of its own."""
    draw = torch.Generator().manual_seed(3)
    vectors = torch.randn(12, 4, generator=draw)
    ids = torch.randint(0, 4, (12,), generator=draw)
    groups = torch.randint(0, 3, (12,), generator=draw)
    found = retrieval_ranks(vectors, vectors, ids, ids, (groups, groups))
    for row in range(12):
        there = groups != groups[row]
        alone = retrieval_ranks(vectors[row, None], vectors[there], ids[row, None], ids[there])
        assert found[row] == alone[0]
    itself = torch.arange(12)
    others = retrieval_ranks(vectors, vectors, ids, ids, (itself, itself))
    assert (others >= retrieval_ranks(vectors, vectors, ids, ids)).all()
    assert (
        retrieval_ranks(vectors, vectors, itself, itself, (itself, itself)).tolist() == [0.0] * 12
    )
