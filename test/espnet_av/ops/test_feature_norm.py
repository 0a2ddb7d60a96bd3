"""Normalisation of features against loops."""

import torch

from espnet_av.ops.feature_norm import (
    PRIOR_FRAMES,
    PRIOR_MEAN,
    PRIOR_STD,
    normalise_past,
    normalise_utterance,
)

LENGTHS = torch.tensor([7, 4])


def test_an_utterance_uses_its_valid_frames_only():
    x = torch.randn(2, 7, 3) * 5 + 2
    out = normalise_utterance(x, LENGTHS)
    for b, n in enumerate(LENGTHS.tolist()):
        part = x[b, :n]
        expected = (part - part.mean(0)) / (part.var(0, unbiased=False) + 1e-5).sqrt()
        assert torch.allclose(out[b, :n], expected, atol=1e-5)
        assert not out[b, n:].any()


def test_a_frame_is_normalised_by_what_came_before_it_and_the_prior():
    x = torch.randn(2, 7, 3) * 2 - 4
    out = normalise_past(x, LENGTHS)
    # Half the prior's frames on each side of its mean have its deviation.
    half = torch.ones(PRIOR_FRAMES // 2, 3) * PRIOR_STD
    prior = torch.cat([PRIOR_MEAN - half, PRIOR_MEAN + half]).double()
    for b, n in enumerate(LENGTHS.tolist()):
        for t in range(n):
            part = torch.cat([prior, x[b, : t + 1].double()])
            deviation = (part.var(0, unbiased=False) + 1e-5).sqrt()
            expected = (x[b, t] - part.mean(0)) / deviation
            assert torch.allclose(out[b, t].double(), expected, atol=1e-5)
        assert not out[b, n:].any()


def test_after_a_while_it_does_not_matter_where_one_started():
    torch.manual_seed(0)
    x = torch.randn(1, 4000, 3) * 2 - 9
    whole = normalise_utterance(x, torch.tensor([4000]))
    past = normalise_past(x, torch.tensor([4000]))
    assert (past - whole)[:, :50].abs().mean() > 0.5
    assert (past - whole)[:, -50:].abs().mean() < 0.1


def test_an_utterance_of_one_frame_is_zero():
    x = torch.full((2, 3, 4), 5.0)
    out = normalise_utterance(x, torch.tensor([1, 3]))
    assert not out.any()
