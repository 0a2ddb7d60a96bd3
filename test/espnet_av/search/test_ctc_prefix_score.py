"""CTC prefix scores against going through every path."""

import math

import pytest
import torch
from oracles.ctc_prefix_beam import log_add, sequence_probabilities

from espnet_av.search.ctc_prefix_score import LOGZERO, CTCPrefixScores

BLANK, EOS = 0, 3


def exact_scores(log_probs, prefix):
    """log P(output begins with prefix + c) for every label c, and log P(output = prefix)."""
    sequences = sequence_probabilities(log_probs.tolist(), BLANK)
    scores = [-math.inf] * log_probs.size(1)
    for labels, score in sequences.items():
        if len(labels) > len(prefix) and labels[: len(prefix)] == prefix:
            label = labels[len(prefix)]
            scores[label] = log_add(scores[label], score)
    return scores, sequences.get(prefix, -math.inf)


@pytest.fixture
def log_probs():
    generator = torch.Generator().manual_seed(5)
    return torch.log_softmax(torch.randn(2, 6, 4, generator=generator).double(), dim=-1)


@pytest.mark.parametrize("with_candidates", [False, True])
def test_prefix_probabilities_are_exact(log_probs, with_candidates):
    lengths = [6, 4]
    scorer = CTCPrefixScores(log_probs, torch.tensor(lengths), blank=BLANK, eos=EOS)
    prefixes = [[()], [()]]
    before = torch.zeros(2, 1, dtype=torch.float64)
    # Both utterances: grow to the prefixes (1), (2); then (1, 1), (1, 2); then (1, 1, 2), (1, 2, 2)
    for parents, tokens in [([0, 0], [1, 2]), ([0, 0], [1, 2]), ([0, 1], [2, 2])]:
        candidates = torch.tensor([1, 2]).expand(2, len(prefixes[0]), 2)
        scores = scorer.score(candidates if with_candidates else None)
        absolute = scores + before[..., None]
        for utt, length in enumerate(lengths):
            for hyp, prefix in enumerate(prefixes[utt]):
                expected, whole = exact_scores(log_probs[utt, :length], prefix)
                got = absolute[utt, hyp].tolist()
                for label in (1, 2):
                    if expected[label] == -math.inf:  # more tokens than the frames can carry
                        assert got[label] < LOGZERO / 2
                    else:
                        assert got[label] == pytest.approx(expected[label])
                assert got[EOS] == pytest.approx(whole)
                assert got[BLANK] < LOGZERO / 2
        utts = torch.arange(2)
        parents, tokens = torch.tensor([parents] * 2), torch.tensor([tokens] * 2)
        before = absolute.flatten(1).gather(1, parents * 4 + tokens)
        prefixes = [
            [
                (*prefixes[utt][p], t)
                for p, t in zip(parents[0].tolist(), tokens[0].tolist(), strict=True)
            ]
            for utt in range(2)
        ]
        scorer.keep(utts, parents, tokens)


def test_dropping_an_utterance_keeps_the_other(log_probs):
    lengths = torch.tensor([6, 4])
    both = CTCPrefixScores(log_probs, lengths, blank=BLANK, eos=EOS)
    alone = CTCPrefixScores(log_probs[1:], lengths[1:], blank=BLANK, eos=EOS)
    both.score(None)
    alone.score(None)
    parents, tokens = torch.tensor([[0, 0]]), torch.tensor([[2, 1]])
    both.keep(torch.tensor([1]), parents, tokens)
    alone.keep(torch.tensor([0]), parents, tokens)
    assert torch.equal(both.score(None), alone.score(None))
