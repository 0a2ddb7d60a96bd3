"""Frame cross-entropy and accuracy against loops, and the gradient."""

import math

import torch

from espnet_av.ops.frame_loss import fit_labels, frame_cross_entropy, label_hits


def example():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 4, generator=generator, dtype=torch.float64)
    labels = torch.tensor([[0, 1, 2, 3, 0], [3, 3, -1, -1, -1], [-1] * 5])
    return logits, labels


def test_sum_over_frames_mean_over_utterances():
    logits, labels = example()
    total = 0.0
    for b in range(3):
        for t in range(5):
            if labels[b, t] >= 0:
                row = logits[b, t].exp()
                total -= math.log(row[labels[b, t]] / row.sum())
    assert math.isclose(float(frame_cross_entropy(logits, labels)), total / 3, rel_tol=1e-6)


def test_accuracy_counts_labelled_frames_only():
    logits, labels = example()
    pairs = [(b, t) for b in range(3) for t in range(5) if labels[b, t] >= 0]
    hits = sum(int(logits[b, t].argmax()) == int(labels[b, t]) for b, t in pairs)
    assert [int(number) for number in label_hits(logits, labels)] == [hits, 7]


def test_without_labels_loss_is_zero_and_accuracy_unknown():
    logits, _ = example()
    nothing = torch.full((3, 5), -1)
    assert float(frame_cross_entropy(logits, nothing)) == 0.0
    assert [int(number) for number in label_hits(logits, nothing)] == [0, 0]


def test_gradient():
    logits, labels = example()
    logits = logits.float().requires_grad_()
    frame_cross_entropy(logits, labels).backward()
    expected = torch.zeros(3, 5, 4)
    for b, t in [(b, t) for b in range(3) for t in range(5) if labels[b, t] >= 0]:
        expected[b, t] = logits[b, t].softmax(0).detach()
        expected[b, t, labels[b, t]] -= 1
    assert torch.allclose(logits.grad, expected / 3, atol=1e-6)


def test_labels_are_cut_or_padded():
    labels = torch.tensor([[1, 2, 3]])
    assert fit_labels(labels, 2).tolist() == [[1, 2]]
    assert fit_labels(labels, 5).tolist() == [[1, 2, 3, -1, -1]]
