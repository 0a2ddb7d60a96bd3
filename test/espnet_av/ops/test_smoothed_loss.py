"""The label-smoothed loss against ESPnet's, with its gradients, and by hand."""

import math

import pytest
import torch

from espnet_av.compat import LabelSmoothingLoss
from espnet_av.ops.smoothed_loss import smoothed_loss


def example(num_classes=7, dtype=torch.float32, seed=0):
    """Logits (3, 4, K) and labels, some of which are ignored."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(3, 4, num_classes, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, num_classes, (3, 4), generator=generator)
    labels[0, 3] = labels[2, 1:] = -1
    return logits.to(dtype).requires_grad_(), labels


def by_hand(logits, labels, smoothing):
    """By loops, in float64."""
    total, num_classes = 0.0, logits.size(2)
    for row, ids in zip(logits.tolist(), labels.tolist(), strict=True):
        for values, label in zip(row, ids, strict=True):
            if label < 0:
                continue
            norm = math.log(sum(math.exp(v) for v in values))
            for k, value in enumerate(values):
                share = 1 - smoothing if k == label else smoothing / (num_classes - 1)
                total += share * (math.log(share) - value + norm) if share else 0.0
    return total / logits.size(0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("num_classes", [2, 7, 3000])
def test_it_is_espnets_loss_with_its_gradient(smoothing, num_classes):
    logits, labels = example(num_classes)
    loss = smoothed_loss(logits, labels, smoothing)
    loss.backward()
    other = logits.detach().clone().requires_grad_()
    expected = LabelSmoothingLoss(num_classes, -1, smoothing)(other, labels)
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6, abs=1e-6)
    assert torch.allclose(logits.grad, other.grad, atol=1e-6)
    assert loss.item() == pytest.approx(by_hand(logits, labels, smoothing), rel=1e-5)


def test_its_gradient_is_that_of_its_value():
    logits, labels = example(5, torch.float64)
    assert torch.autograd.gradcheck(lambda x: smoothed_loss(x, labels, 0.2), (logits,))


def test_padding_counts_for_nothing_whatever_is_in_it():
    logits, labels = example()
    spoiled = torch.where(labels.unsqueeze(2) < 0, torch.nan, logits.detach()).requires_grad_()
    loss = smoothed_loss(spoiled, labels, 0.1)
    assert loss.item() == pytest.approx(smoothed_loss(logits, labels, 0.1).item(), rel=1e-6)
    loss.backward()
    assert bool(torch.isfinite(spoiled.grad).all())
    assert smoothed_loss(logits, torch.full_like(labels, -1), 0.1) == 0.0


def test_tokens_are_cut_into_parts_without_a_difference(monkeypatch):
    logits, labels = example()
    whole = smoothed_loss(logits, labels, 0.1)
    monkeypatch.setattr("espnet_av.ops.smoothed_loss._CHUNK", 20)
    assert smoothed_loss(logits, labels, 0.1).item() == pytest.approx(whole.item(), rel=1e-6)


def test_neither_targets_nor_probabilities_are_kept():
    """What autograd holds of a step: the logits, two numbers a token, and nothing else of K."""
    logits, labels = example(1000)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: kept.append(x) or x, lambda x: x):
        smoothed_loss(logits, labels, 0.1)
    large = {tensor.data_ptr() for tensor in kept if tensor.numel() >= 1000}
    assert large == {logits.data_ptr()}
