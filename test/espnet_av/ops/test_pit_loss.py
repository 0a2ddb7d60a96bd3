"""Who speaks when, whichever output stands for whom."""

import itertools
import math

import pytest
import torch

from espnet_av.ops.pit_loss import frame_errors, pit_loss


def oracle(logits, labels):
    """(T, S) -> nats of the best order, number by number."""
    num_talkers, best = len(labels[0]), math.inf
    for order in itertools.permutations(range(num_talkers)):
        total = 0.0
        for row, wanted in zip(logits.tolist(), labels.tolist(), strict=True):
            for talker in range(num_talkers):
                p = 1 / (1 + math.exp(-row[talker]))
                total -= math.log(p if wanted[order[talker]] else 1 - p) / num_talkers
        best = min(best, total)
    return best


@pytest.mark.parametrize("num_talkers", [1, 2, 3])
def test_against_plain_loops(num_talkers):
    logits = torch.randn(4, 7, num_talkers) * 2
    labels = (torch.rand(4, 7, num_talkers) < 0.5).float()
    lengths = torch.tensor([7, 3, 1, 0])
    found = pit_loss(logits, labels, lengths)
    for row, length in enumerate(lengths.tolist()):
        expected = oracle(logits[row, :length], labels[row, :length]) if length else 0.0
        assert found.loss[row].item() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    again = pit_loss(logits, found.labels, lengths)
    assert torch.equal(again.labels[:3], found.labels[:3])
    assert torch.equal(found.labels.sum(2), labels.sum(2))


def test_gradients():
    logits = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    labels, lengths = (torch.rand(2, 3, 2) < 0.5).double(), torch.tensor([3, 2])
    pit_loss(logits, labels, lengths).loss.sum().backward()
    assert logits.grad[0].any() and not logits.grad[1, 2].any()


def test_errors_of_frames():
    labels = torch.tensor([[[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])
    active = torch.tensor([[[1, 0], [0, 1], [1, 0], [0, 1], [0, 0]]], dtype=torch.bool)
    # Missed; confused; false alarm; right; and a frame beyond the end.
    errors, talkers = frame_errors(active, labels, torch.tensor([4]))
    assert (errors.item(), talkers.item()) == (3, 4)
