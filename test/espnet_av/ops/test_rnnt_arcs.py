"""Scores of a transducer's arcs and their gradient against a softmax of every cell."""

import math

import pytest
import torch

from espnet_av.ops import rnnt_arcs
from espnet_av.ops.rnnt_arcs import arc_scores

FRAMES, ROWS = torch.tensor([4, 2, 0]), torch.tensor([3, 1, 2])
SHAPE = (3, 4, 3, 5)


def draw(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = 2.0 * torch.randn(SHAPE, dtype=torch.float64, generator=generator)
    labels = torch.randint(0, SHAPE[3], SHAPE[:3], generator=generator)
    return logits.to(dtype).requires_grad_(), labels


def inside():
    """(B, T, N) bool, cells within the lengths."""
    frames = torch.arange(SHAPE[1]) < FRAMES[:, None]
    rows = torch.arange(SHAPE[2]) < ROWS[:, None]
    return frames[:, :, None] & rows[:, None]


def loop_scores(logits, labels, blank):
    """Of the cells inside, by Python's own logarithm: [(label, blank)]."""
    found = []
    for b, t, n in inside().nonzero().tolist():
        cell = logits[b, t, n].tolist()
        total = math.log(sum(math.exp(value) for value in cell))
        found.append((cell[labels[b, t, n]] - total, cell[blank] - total))
    return found


def weighted(scores):
    """A sum in which each cell inside counts differently, some of them negatively."""
    weights = torch.linspace(-1.0, 2.0, inside().numel()).view(SHAPE[:3]).double() * inside()
    return (scores[0].where(inside(), 0.0) * weights).sum() + (
        scores[1].where(inside(), 0.0) * weights.flip(0, 1, 2).where(inside(), 0.0)
    ).sum()


@pytest.mark.parametrize("blank", [0, 2, 4])
def test_scores_are_those_of_a_loop(blank):
    logits, labels = draw()
    by_label, by_blank = arc_scores(logits, labels, FRAMES, ROWS, blank)
    assert by_label.dtype == by_blank.dtype == torch.float64
    found = zip(by_label[inside()].tolist(), by_blank[inside()].tolist(), strict=True)
    for pair, expected in zip(found, loop_scores(logits, labels, blank), strict=True):
        assert pair == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("blank", [0, 4])
@pytest.mark.parametrize("block_size", [1, 6, 1 << 18])
def test_gradient_is_that_of_a_log_softmax(blank, block_size, monkeypatch):
    monkeypatch.setitem(rnnt_arcs.BLOCK_SIZE, "cpu", block_size)
    logits, labels = draw()
    weighted(arc_scores(logits, labels, FRAMES, ROWS, blank)).backward()
    plain = logits.detach().clone().requires_grad_()
    every = plain.log_softmax(3)
    weighted((every.gather(3, labels[..., None])[..., 0], every[..., blank])).backward()
    assert torch.allclose(logits.grad, plain.grad, atol=1e-14)
    assert logits.grad[~inside()].abs().sum() == 0.0


def test_a_label_that_is_the_blank_gets_both_gradients():
    logits, labels = draw()
    weighted(arc_scores(logits, torch.full_like(labels, 1), FRAMES, ROWS, 1)).backward()
    plain = logits.detach().clone().requires_grad_()
    score = plain.log_softmax(3)[..., 1]
    weighted((score, score)).backward()
    assert torch.allclose(logits.grad, plain.grad, atol=1e-14)


def test_what_lies_beyond_the_lengths_reaches_neither_scores_nor_gradient():
    logits, labels = draw()
    expected = arc_scores(logits, labels, FRAMES, ROWS)
    weighted(expected).backward()
    dirty = logits.detach().where(inside()[..., None], float("nan")).requires_grad_()
    found = arc_scores(dirty, labels, FRAMES, ROWS)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one[inside()], other[inside()])
    weighted(found).backward()
    assert torch.equal(dirty.grad, logits.grad)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_gradients_have_the_type_of_the_logits_and_its_digits(dtype):
    logits, labels = draw(dtype)
    exact = logits.detach().double().requires_grad_()
    for values in (logits, exact):
        weighted(arc_scores(values, labels, FRAMES, ROWS)).backward()
    assert logits.grad.dtype == dtype
    bits = 2 * torch.finfo(dtype).eps
    assert torch.allclose(logits.grad.double(), exact.grad, rtol=bits, atol=bits)
