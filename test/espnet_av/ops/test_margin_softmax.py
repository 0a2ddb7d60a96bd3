"""Margin softmax against known values and against loops."""

import math

import pytest
import torch

from espnet_av.ops.margin_softmax import margin_softmax, other_images


def both_directions(scores, ids, margin):
    """Mean over rows plus mean over columns, as the loss of a batch."""
    own = torch.arange(len(scores))
    excluded = other_images(torch.tensor(ids), torch.tensor(ids), own)
    rows = margin_softmax(scores, own, excluded, margin)
    return (rows + margin_softmax(scores.T, own, excluded, margin)).mean().item()


def in_loops(scores, ids, margin):
    """The same, one number at a time."""
    total, count = 0.0, len(ids)
    for transposed in (scores.tolist(), scores.T.tolist()):
        for i, row in enumerate(transposed):
            own = row[i] - margin
            others = [row[j] for j in range(count) if j != i and ids[j] != ids[i]]
            total += math.log(sum(math.exp(x - own) for x in [own, *others])) / count
    return total


@pytest.mark.parametrize(
    ("ids", "margin", "expected"),
    [([0, 1], 1.0, 0.7232992649), ([0, 1], 0.0, 0.3078525364), ([5, 5], 1.0, 0.0)],
)
def test_known_values(ids, margin, expected):
    """Two pairs; where both are of one image, nothing is left to tell them from."""
    scores = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
    assert both_directions(scores, ids, margin) == pytest.approx(expected, abs=1e-6)


def test_at_the_start_all_scores_are_equal():
    expected = 2 * math.log(63 + math.exp(-1)) + 2
    assert both_directions(torch.zeros(64, 64), range(64), 1.0) == pytest.approx(expected)
    assert expected == pytest.approx(10.30, abs=0.01)


@pytest.mark.parametrize("ids", [range(6), [0, 0, 1, 2, 2, 2], [3] * 6])
def test_loops_give_the_same(ids):
    scores = torch.randn(6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for margin in (0.0, 1.0, 2.5):
        found = both_directions(scores, list(ids), margin)
        assert found == pytest.approx(in_loops(scores, list(ids), margin), rel=1e-5, abs=1e-6)


def test_captions_of_one_image_are_no_negatives():
    """English and French of image 7: without the mask each is pushed away from the other's."""
    scores = torch.tensor([[4.0, 4.0, 0.0], [4.0, 4.0, 0.0], [0.0, 0.0, 4.0]])
    masked = both_directions(scores, [7, 7, 9], 1.0)
    assert masked < 0.2 < 0.9 < both_directions(scores, [1, 2, 3], 1.0)
    leaf = scores.clone().requires_grad_()
    own, ids = torch.arange(3), torch.tensor([7, 7, 9])
    margin_softmax(leaf, own, other_images(ids, ids, own), 1.0).sum().backward()
    assert leaf.grad[0, 1] == leaf.grad[1, 0] == 0
    assert leaf.grad[0, 2] > 0 > leaf.grad[0, 0]


def test_rows_among_more_columns():
    """Pairs of one process among those of two: each knows which column is its own."""
    scores = torch.randn(2, 5, generator=torch.Generator().manual_seed(1))
    own, ids, every = torch.tensor([3, 4]), torch.tensor([8, 9]), torch.tensor([8, 9, 7, 8, 9])
    excluded = other_images(ids, every, own)
    assert excluded.tolist() == [[True, *[False] * 4], [False, True, *[False] * 3]]
    found = margin_softmax(scores, own, excluded, 0.5)
    left = scores[0, [1, 2, 4]].exp().sum() + (scores[0, 3] - 0.5).exp()
    assert found[0].item() == pytest.approx((left.log() - scores[0, 3] + 0.5).item(), rel=1e-5)


def test_half_precision_and_a_single_pair():
    own = torch.tensor([0])
    alone = margin_softmax(torch.full((1, 1), 9.0), own, torch.zeros(1, 1, dtype=torch.bool), 1.0)
    assert alone.tolist() == [0.0]
    half = margin_softmax(torch.eye(3).bfloat16(), torch.arange(3), torch.zeros(3, 3).bool(), 0.0)
    assert half.dtype == torch.float32
    assert torch.allclose(half, torch.tensor(math.log(1 + 2 / math.e)).expand(3), atol=1e-6)


def test_gradient():
    scores = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    own, ids = torch.tensor([0, 1, 3]), torch.tensor([0, 1, 0])
    excluded = other_images(ids, torch.tensor([0, 1, 2, 0]), own)
    margin_softmax(scores, own, excluded, 1.0).sum().backward()
    # Each row is a softmax less its own place: it adds up to nothing.
    assert torch.allclose(scores.grad.sum(dim=1), torch.zeros(3, dtype=torch.float64), atol=1e-6)
    assert (scores.grad[excluded] == 0).all()
