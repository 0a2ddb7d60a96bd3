"""CTC prefix beam search against slow oracles."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.ctc_prefix_beam import prefix_beam, sequence_probabilities

from espnet_av.search.ctc_prefix import ctc_prefix


def random_log_probs(num_utts, num_frames, num_labels, seed=0, sharpness=2.0):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(num_utts, num_frames, num_labels, generator=generator) * sharpness
    return torch.log_softmax(scores.double(), dim=-1)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    beam_size=st.integers(1, 8),
    num_labels=st.integers(2, 9),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    penalty=st.sampled_from([0.0, 0.8, -0.5]),
)
def test_same_as_dictionaries(seed, beam_size, num_labels, lengths, penalty):
    log_probs = random_log_probs(len(lengths), max(lengths), num_labels, seed)
    blank = seed % num_labels
    found = ctc_prefix(
        log_probs,
        torch.tensor(lengths),
        beam_size,
        length_penalty=penalty,
        nbest=beam_size,
        blank=blank,
    )
    for utt, length in enumerate(lengths):
        expected = prefix_beam(log_probs[utt, :length].tolist(), beam_size, penalty, blank)
        assert [tuple(h.tokens) for h in found[utt]] == [prefix for prefix, _ in expected]
        assert [h.parts["ctc"] for h in found[utt]] == pytest.approx([s for _, s in expected])
        for hypothesis in found[utt]:
            bonus = penalty * len(hypothesis.tokens)
            assert hypothesis.score == pytest.approx(hypothesis.parts["ctc"] + bonus)


def test_a_wide_beam_finds_the_exact_probabilities():
    log_probs = random_log_probs(1, 6, 3)
    exact = sequence_probabilities(log_probs[0].tolist())
    (found,) = ctc_prefix(log_probs, torch.tensor([6]), 200, nbest=200)
    assert {tuple(h.tokens): h.score for h in found} == pytest.approx(exact)
    assert math.fsum(math.exp(h.score) for h in found) == pytest.approx(1.0)


def test_padding_changes_nothing():
    log_probs = random_log_probs(1, 7, 6)
    padded = torch.cat([log_probs, random_log_probs(1, 5, 6, seed=9)], dim=1)
    (alone,) = ctc_prefix(log_probs, torch.tensor([7]), 4, nbest=4)
    (with_padding,) = ctc_prefix(padded, torch.tensor([7]), 4, nbest=4)
    assert alone == with_padding


def test_input_is_left_as_it_was():
    log_probs = random_log_probs(2, 5, 4)
    before = log_probs.clone()
    ctc_prefix(log_probs, torch.tensor([5, 2]), 3)
    assert torch.equal(log_probs, before)
