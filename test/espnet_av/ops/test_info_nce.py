"""Which of two views belong together."""

import math

import pytest
import torch

from espnet_av.ops.info_nce import info_nce


def oracle(first, second, own, scale):
    """Loss of one pair, number by number."""

    def cosine(a, b):
        return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))

    told = 0.0
    for asked, found in ((first, second), (second, first)):
        scores = [scale * cosine(asked[own], other) for other in found]
        told += math.log(sum(map(math.exp, scores))) - scores[own]
    return told / 2


def test_against_plain_loops():
    first, second = torch.randn(2, 6, 5, dtype=torch.float64) * 3
    whole = info_nce((first, second), (first, second), 0, 14.0)
    for row in range(6):
        assert whole.loss[row].item() == pytest.approx(oracle(first, second, row, 14.0))
    # A part among all is the same rows of the whole.
    part = info_nce((first[2:5], second[2:5]), (first, second), 2, 14.0)
    assert torch.allclose(part.loss, whole.loss[2:5])
    assert torch.equal(part.hits, whole.hits[2:5])


def test_both_directions_count_for_a_hit():
    first = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    second = torch.tensor([[0.8, 0.6], [0.0, 1.0]])
    # The first finds the first; of the second, both do not; the first picture wants the second.
    assert info_nce((first, second), (first, second), 0, 1.0).hits.tolist() == [0.5, 0.5]


def test_nothing_known_is_ln_of_their_number_and_no_hit():
    same = torch.ones(7, 3)
    found = info_nce((same, same), (same, same), 0, 100.0)
    assert found.loss.tolist() == pytest.approx([math.log(7)] * 7)
    assert not found.hits.any()
    single = info_nce((same[:1], same[:1]), (same[:1], same[:1]), 0, 100.0)
    assert single.loss.tolist() == [0.0] and single.hits.tolist() == [1.0]


def test_gradients():
    views = [torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    scale = torch.tensor(5.0, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda a, b, s: info_nce((a, b), (a, b), 0, s).loss, (*views, scale)
    )
