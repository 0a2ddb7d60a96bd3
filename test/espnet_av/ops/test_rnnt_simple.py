"""The additive joiner is a joiner like any other; its smoothing is what the equation says."""

import pytest
import torch
from oracles.rnnt_paths import loop_log_likelihood, loop_losses

from espnet_av.ops.rnnt_loss import rnnt_loss
from espnet_av.ops.rnnt_simple import simple_score

FRAMES, TOKENS = torch.tensor([4, 5, 1, 3]), torch.tensor([3, 2, 3, 0])
TARGETS = torch.tensor([[1, 4, 2], [3, 3, -1], [2, 1, 5], [-1, -1, -1]])


def draw(scale=2.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    am = scale * torch.randn(4, 5, 6, dtype=torch.float64, generator=generator)
    lm = scale * torch.randn(4, 4, 6, dtype=torch.float64, generator=generator)
    return am.requires_grad_(), lm.requires_grad_()


def score(am, lm, **scales):
    return simple_score(am, lm, TARGETS, FRAMES, TOKENS, **scales)


def test_it_is_the_loss_of_am_plus_lm():
    am, lm = draw()
    logits = am[:, :, None] + lm[:, None]
    wanted = loop_losses(logits, TARGETS, FRAMES, TOKENS)
    found = -score(am, lm).log_likelihood
    assert torch.allclose(found, wanted, rtol=1e-12)
    expected = torch.autograd.grad(wanted.sum(), (am, lm))
    for one, two in zip(torch.autograd.grad(found.sum(), (am, lm)), expected, strict=True):
        assert torch.allclose(one, two, atol=1e-12)


def naive_smoothed(am, lm, labels, lm_scale, am_scale):
    """Arcs of one utterance without padding, node by node (arXiv 2206.13236, eq. 9)."""
    mean = lm.softmax(dim=1).mean(dim=0)
    emit, blank = [], []
    for u in range(len(lm)):
        row = []
        for t in range(len(am)):
            row.append(
                (1 - lm_scale - am_scale) * (am[t] + lm[u]).log_softmax(dim=0)
                + lm_scale * lm[u].log_softmax(dim=0)
                + am_scale * (am[t] + mean.log()).log_softmax(dim=0)
            )
        blank.append(torch.stack([scores[0] for scores in row]))
        if u < len(labels):
            emit.append(torch.stack([scores[labels[u]] for scores in row]))
    return torch.stack(emit) if emit else am.new_zeros(0, len(am)), torch.stack(blank)


@pytest.mark.parametrize("scales", [(0.25, 0.0), (0.0, 0.3), (0.25, 0.1), (0.5, 0.5)])
def test_smoothed_arcs_are_those_of_the_equation(scales):
    am, lm = draw()
    found = score(am, lm, lm_only_scale=scales[0], am_only_scale=scales[1])
    wanted = []
    for b in range(4):
        frames, tokens = int(FRAMES[b]), int(TOKENS[b])
        labels = TARGETS[b, :tokens].tolist()
        arcs = naive_smoothed(am[b, :frames], lm[b, : tokens + 1], labels, *scales)
        wanted.append(loop_log_likelihood(*arcs))
    wanted = torch.stack(wanted)
    assert torch.allclose(found.log_likelihood, wanted, rtol=1e-12)
    expected = torch.autograd.grad(wanted.sum(), (am, lm))
    got = torch.autograd.grad(found.log_likelihood.sum(), (am, lm))
    for one, two in zip(got, expected, strict=True):
        assert torch.allclose(one, two, atol=1e-12)


def test_padding_and_neighbours_change_nothing():
    am, lm = draw()
    scales = {"lm_only_scale": 0.25, "am_only_scale": 0.1}
    clean = score(am, lm, **scales)
    for b in range(4):
        frames, tokens = FRAMES[b], TOKENS[b]
        alone = simple_score(
            am[b : b + 1, :frames],
            lm[b : b + 1, : tokens + 1],
            TARGETS[b : b + 1, :tokens],
            frames[None],
            tokens[None],
            **scales,
        )
        assert torch.allclose(alone.log_likelihood[0], clean.log_likelihood[b], rtol=1e-12)
    with torch.no_grad():
        for b in range(4):
            am[b, FRAMES[b] :], lm[b, TOKENS[b] + 1 :] = float("nan"), float("inf")
    dirty = score(am, lm, **scales)
    for one, two in zip(clean, dirty, strict=True):
        assert torch.equal(one, two)
    dirty.log_likelihood.sum().backward()
    assert am.grad.isfinite().all()
    assert lm.grad.isfinite().all()


def test_opposite_opinions_do_not_underflow():
    """Each side gives the other's choice a probability that float32 cannot hold."""
    am, lm = draw(scale=120.0)
    found = -score(am, lm).log_likelihood
    wanted = rnnt_loss(am[:, :, None] + lm[:, None], TARGETS, FRAMES, TOKENS)
    assert torch.allclose(found, wanted, rtol=1e-12)
    assert all(grad.isfinite().all() for grad in torch.autograd.grad(found.sum(), (am, lm)))
