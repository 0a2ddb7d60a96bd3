"""Attention pooling against a loop; padding has no weight."""

import math

import pytest
import torch

from espnet_av.modules.sentence_head import AttentionPooling, SentenceHead


def test_weights_are_a_softmax_over_the_frames_that_exist():
    torch.manual_seed(0)
    pooling, frames = AttentionPooling(3), torch.randn(2, 5, 3)
    torch.nn.init.normal_(pooling.score.bias)
    frames[1, 2:] = math.nan  # what a transformer leaves where there is no frame
    found = pooling(frames, torch.tensor([5, 2]))
    weight, bias = pooling.score.weight[0].tolist(), pooling.score.bias.item()
    for row, length in enumerate((5, 2)):
        vectors = frames[row, :length].tolist()
        scores = [
            math.exp(sum(w * c for w, c in zip(weight, v, strict=True)) + bias) for v in vectors
        ]
        for d in range(3):
            mean = sum(s * v[d] for s, v in zip(scores, vectors, strict=True)) / sum(scores)
            assert found[row, d].item() == pytest.approx(mean, abs=1e-6)
    found.sum().backward()
    assert pooling.score.weight.grad.isfinite().all()


def test_a_vector_is_bounded_and_of_its_size():
    head = SentenceHead(4, 7)
    found = head(torch.randn(2, 6, 4) * 100, torch.tensor([6, 1]))
    assert found.shape == (2, 7)
    assert found.abs().max() <= 1.0
    single = head(torch.zeros(1, 1, 4), torch.tensor([1]))
    assert torch.equal(single[0], head.project.bias.tanh())


def test_parameters_of_the_published_size():
    with torch.device("meta"):
        head = SentenceHead(1024, 768)
    assert sum(p.numel() for p in head.parameters()) == 788_225
