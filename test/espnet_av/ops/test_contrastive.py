"""Negatives are other masked frames, evenly drawn; the loss is that of a loop over frames."""

import pytest
import torch
from oracles.contrastive import loop_contrastive

from espnet_av.ops.contrastive import contrastive_loss, draw_negatives

MASK = torch.tensor([[1, 0, 1, 1, 0, 0, 1], [0, 1, 0, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0, 0]]).bool()


def draw(mask=MASK, num=200, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return draw_negatives(mask, torch.rand(*mask.shape, num, generator=generator))


def test_negatives_are_the_other_masked_frames_of_the_utterance():
    negatives = draw()
    assert negatives.min() >= 0 < 7 > negatives.max()
    for b, masked in ((0, {0, 2, 3, 6}), (2, {1, 2})):
        for t in masked:
            assert set(negatives[b, t].tolist()) == masked - {t}
    assert set(negatives[1, 1].tolist()) == {1}, "alone: only itself, which never counts"


def test_negatives_are_even():
    counts = draw(num=30_000)[0, 2].bincount(minlength=7)
    assert counts[[0, 3, 6]].sum() == 30_000
    assert (counts[[0, 3, 6]] - 10_000).abs().max() < 400


def test_the_largest_noise_stays_inside():
    """Rounded, 0.99999994 times a large number is that number."""
    mask = torch.ones(1, 1000, dtype=torch.bool)
    noise = torch.full((1, 1000, 1), 1.0 - 2**-24)
    negatives = draw_negatives(mask, noise)[0, :, 0]
    assert negatives[:999].tolist() == [999] * 999
    assert negatives[999] == 998


@pytest.mark.parametrize("num_ids", [2, 50])
def test_loss_is_that_of_a_loop(num_ids):
    torch.manual_seed(0)
    vectors = torch.randn(num_ids, 5)
    target_ids = torch.randint(0, num_ids, (3, 7))
    arguments = (torch.randn(3, 7, 5), vectors[target_ids], target_ids, draw(num=6), MASK, 0.1)
    got = contrastive_loss(*arguments)
    loss, correct = loop_contrastive(*arguments)
    assert got.loss.item() == pytest.approx(loss, rel=1e-5)
    assert got.correct.item() == correct


def test_gradient_and_a_collapsed_codebook():
    torch.manual_seed(0)
    predicted = torch.randn(3, 7, 5, dtype=torch.float64, requires_grad=True)
    targets = torch.randn(3, 7, 5, requires_grad=True)
    ids = torch.zeros(3, 7, dtype=torch.int64)
    collapsed = contrastive_loss(predicted, targets, ids, draw(num=4), MASK, 0.1)
    assert collapsed.loss == 0.0
    assert collapsed.correct == 0.0
    collapsed.loss.backward()
    assert not predicted.grad.any()
    assert predicted.grad.isfinite().all()
    ids = torch.arange(21).view(3, 7)
    contrastive_loss(predicted, targets, ids, draw(num=4), MASK, 0.1).loss.backward()
    assert predicted.grad.isfinite().all()
    moved = predicted.grad.abs().sum(dim=2) > 0
    assert torch.equal(moved, MASK & torch.tensor([[True], [False], [True]]))


def test_padding_changes_nothing():
    torch.manual_seed(0)
    predicted, targets = torch.randn(2, 9, 5), torch.randn(2, 9, 5)
    ids, noise = torch.randint(0, 9, (2, 9)), torch.rand(2, 9, 4)
    mask = torch.rand(2, 9) < 0.6
    mask[1, 6:] = False
    losses = []
    for width, row in ((9, 1), (6, 1)):
        part = [value[row : row + 1, :width] for value in (predicted, targets, ids, noise, mask)]
        negatives = draw_negatives(part[4], part[3])
        losses.append(contrastive_loss(*part[:3], negatives, part[4], 0.1).loss)
    assert torch.allclose(losses[0], losses[1], rtol=1e-6)
