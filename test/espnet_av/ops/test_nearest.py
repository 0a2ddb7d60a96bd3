"""The nearest of many vectors, against sorting all of them."""

import pytest
import torch

from espnet_av.ops.nearest import nearest


def slowly(queries, items, num):
    """By loops: largest first, of equal ones the earlier."""
    found = []
    for query in queries.tolist():
        scores = [sum(a * b for a, b in zip(query, item, strict=True)) for item in items.tolist()]
        order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:num]
        found.append(([scores[i] for i in order], order))
    return found


@pytest.mark.parametrize("sizes", [(7,), (3, 4), (1, 0, 2, 4), (0, 7)])
@pytest.mark.parametrize("num", [1, 3, 7, 20])
def test_it_finds_what_sorting_finds_however_the_blocks_are_cut(sizes, num):
    # Small whole numbers: sums are exact, and many are equal.
    generator = torch.Generator().manual_seed(3)
    queries = torch.randint(-2, 3, (4, 3), generator=generator).float()
    items = torch.randint(-2, 3, (7, 3), generator=generator).float()
    scores, places = nearest(queries, items.half().split(sizes), num)
    for query, (values, order) in enumerate(slowly(queries, items, num)):
        assert scores[query].tolist() == values
        assert places[query].tolist() == order


def test_of_equal_ones_the_earlier_comes_first_in_every_block():
    scores, places = nearest(torch.ones(1, 2), [torch.ones(5, 2), torch.ones(4, 2)], 3)
    assert places.tolist() == [[0, 1, 2]] and scores.tolist() == [[2.0, 2.0, 2.0]]


def test_no_block_and_no_query():
    assert nearest(torch.ones(2, 3), [], 5)[1].shape == (2, 0)
    assert nearest(torch.ones(0, 3), [torch.ones(4, 3)], 2)[1].shape == (0, 2)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="differ in size"):
        nearest(torch.ones(1, 3), [torch.ones(4, 2)], 2)
    with pytest.raises(ValueError, match="finite"):
        nearest(torch.full((1, 2), torch.nan), [torch.ones(4, 2)], 2)
    with pytest.raises(ValueError, match="at least 1"):
        nearest(torch.ones(1, 2), [torch.ones(4, 2)], 0)
