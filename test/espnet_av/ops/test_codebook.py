"""Use of a codebook, Gumbel noise."""

import math

import pytest
import torch
from oracles.contrastive import loop_perplexity

from espnet_av.ops.codebook import (
    count_codes,
    count_perplexity,
    diversity_loss,
    draw_gumbel,
    perplexity,
)


def test_perplexity_is_that_of_a_loop():
    torch.manual_seed(0)
    probs, mask = torch.randn(2, 5, 3, 4).mul(3).softmax(dim=3), torch.rand(2, 5) < 0.6
    got = perplexity(probs, mask)
    expected = [loop_perplexity(probs[mask][:, group].tolist()) for group in range(3)]
    assert got.tolist() == pytest.approx(expected, rel=1e-5)


def test_counts_of_codes():
    codes = torch.randint(0, 5, (30, 2), generator=torch.Generator().manual_seed(0))
    counts = count_codes(codes, 6)
    expected = [[column.count(v) for v in range(6)] for column in codes.T.tolist()]
    assert counts.tolist() == expected
    chosen = torch.nn.functional.one_hot(codes, 6).unsqueeze(0)
    same = perplexity(chosen, torch.ones(1, 30, dtype=torch.bool))
    assert torch.allclose(count_perplexity(counts), same)
    assert count_perplexity(count_codes(codes[:0], 6)).isnan().all(), "nothing was counted"


def test_one_entry_and_all_entries():
    mask = torch.ones(1, 4, dtype=torch.bool)
    one = torch.zeros(1, 4, 1, 4).index_fill(3, torch.tensor([2]), 1.0)
    assert perplexity(one, mask).item() == pytest.approx(1.0)
    assert diversity_loss(perplexity(one, mask), 4).item() == pytest.approx(0.75)
    every = torch.eye(4).view(1, 4, 1, 4)
    assert perplexity(every, mask).item() == pytest.approx(4.0)
    assert diversity_loss(perplexity(every, mask), 4).item() == pytest.approx(0.0, abs=1e-6)
    assert perplexity(every, ~mask).isfinite().all(), "no frame counts"


def test_gradient_of_unused_entries_is_finite():
    probs = torch.zeros(1, 4, 1, 4).index_fill(3, torch.tensor([2]), 1.0).requires_grad_()
    diversity_loss(perplexity(probs, torch.ones(1, 4, dtype=torch.bool)), 4).backward()
    assert probs.grad.isfinite().all()


def test_gumbel_noise_has_its_mean_and_variance():
    noise = draw_gumbel((200, 500), torch.device("cpu"), torch.Generator().manual_seed(0))
    assert noise.mean().item() == pytest.approx(0.5772, abs=0.02)
    assert noise.var().item() == pytest.approx(math.pi**2 / 6, abs=0.05)
