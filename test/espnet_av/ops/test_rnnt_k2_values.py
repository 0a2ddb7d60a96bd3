"""What k2 1.23.4 gives for its transducer losses, with torch 1.13.1 on Python 3.9.

That Python is the only one that its wheel of PyPI can be loaded by, so the values stand here.
"""

from __future__ import annotations

import pytest
import torch

from espnet_av.ops.rnnt_loss import rnnt_loss
from espnet_av.ops.rnnt_pruned import choose_band, pruned_loss
from espnet_av.ops.rnnt_simple import simple_score

TEXTS = torch.tensor([[1, 3, 2, 5], [4, 2, 2, -1]])
FRAMES, TOKENS = torch.tensor([7, 6]), torch.tensor([4, 3])


def inputs():
    """am (2, 7, 6), lm (2, 5, 6)."""
    b, c = torch.arange(2)[:, None, None], 1 + torch.arange(6)
    t, s = 1 + torch.arange(7)[:, None], 1 + torch.arange(5)[:, None]
    return torch.sin(0.7 * t + 1.3 * c + 0.5 * b), torch.cos(0.45 * s * c + 0.3 * b)


def near(losses, *expected):
    torch.testing.assert_close(losses.float(), torch.tensor(expected), rtol=1e-5, atol=1e-5)


def logits_of(kind):
    am, lm = inputs()
    added = am[:, :, None] + lm[:, None]
    return added if kind == "additive" else 1.5 * torch.tanh(added)


def test_the_inputs_are_those_of_the_values():
    am, lm = inputs()
    first = [0.909297, -0.157746, -0.993691, -0.373877, 0.793668, 0.798487]
    fifth = [-0.830054, 0.087499, 0.720124, -0.992225, 0.526455, 0.330815]
    near(am[0, 0], *first)
    near(lm[1, 4], *fifth)


@pytest.mark.parametrize(
    ("lm_scale", "expected"),
    [(0.0, (16.591324, 14.215870)), (0.25, (16.241179, 14.134733))],
)
def test_simple_and_smoothed(lm_scale, expected):
    score = simple_score(*inputs(), TEXTS, FRAMES, TOKENS, lm_only_scale=lm_scale)
    near(-score.log_likelihood, *expected)


def test_gradient_of_the_smoothed_loss():
    am, lm = inputs()
    am.requires_grad_()
    score = simple_score(am, lm, TEXTS, FRAMES, TOKENS, lm_only_scale=0.25)
    (found,) = torch.autograd.grad(-score.log_likelihood.sum(), am)
    near(found[0, 0], -0.291727, 0.030596, 0.033124, 0.039889, 0.095144, 0.092975)
    near(found[1, 5], -0.572227, 0.282749, -0.287471, 0.244927, 0.067445, 0.264577)
    assert not found[1, 6].any(), "beyond the utterance"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("additive", (16.591324, 14.215870)), ("tanh", (17.335646, 14.530008))],
)
def test_full(kind, expected):
    near(rnnt_loss(logits_of(kind), TEXTS, FRAMES, TOKENS), *expected)


@pytest.mark.parametrize(
    ("prune_range", "starts", "additive", "tanh"),
    [
        (
            2,
            [[0, 0, 0, 0, 1, 2, 3], [0, 0, 0, 0, 1, 2, 2]],
            (19.426949, 15.580234),
            (20.123117, 16.026854),
        ),
        (
            3,
            [[0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 1, 1, 1]],
            (17.177156, 14.383925),
            (18.028625, 14.765251),
        ),
        (5, [[0] * 7, [0] * 7], (16.591324, 14.215870), (17.335646, 14.530008)),
    ],
)
def test_bands_and_pruned_losses(prune_range, starts, additive, tanh):
    score = simple_score(*inputs(), TEXTS, FRAMES, TOKENS)
    band = choose_band(score, FRAMES, TOKENS, prune_range)
    assert band.starts.tolist() == starts
    rows = band.rows()
    for kind, expected in (("additive", additive), ("tanh", tanh)):
        logits = logits_of(kind)
        index = rows.clamp(max=logits.size(2) - 1)[..., None].expand(*rows.shape, 6)
        found = pruned_loss(logits.gather(2, index), TEXTS, band, FRAMES, TOKENS)
        near(found, *expected)
