"""Estimated n-grams: probabilities that sum to one, and those of the formula."""

import itertools
import math

import pytest
import torch
from oracles.ngram import naive_score

from espnet_av.errors import ConfigError
from espnet_av.search.arpa import END, START, vocabulary, write_arpa
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.search.witten_bell import witten_bell

TOKENS = ["<blank>", "<unk>", "a", "b", "c", "<sos/eos>"]
IDS = vocabulary(TOKENS)
TEXTS = [[2, 3, 2], [2, 3, 4], [], [4, 4], [3]]


def estimate(order):
    ids = [IDS[word] for word in TOKENS[1:-1]]
    return witten_bell(TEXTS, order, tokens=ids, start=IDS[START], end=IDS[END])


def probability(texts, order, history, token):
    """The formula, from the texts themselves."""
    if order == 0:
        return 1 / (len(TOKENS) - 1)  # without blank and sentence mark, with the end
    history = history[max(0, len(history) - order + 1) :]
    if len(history) < order - 1:
        return probability(texts, order - 1, history, token)
    followers = [
        text[place]
        for text in ([IDS[START], *text, IDS[END]] for text in texts)
        for place in range(max(1, len(history)), len(text))
        if tuple(text[place - len(history) : place]) == tuple(history)
    ]
    below = probability(texts, order - 1, history, token)
    if not followers:
        return below
    kinds = len(set(followers))
    return (followers.count(token) + kinds * below) / (len(followers) + kinds)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_follow_the_formula_and_sum_to_one(tmp_path, order):
    path = tmp_path / "lm.arpa"
    write_arpa(path, estimate(order), IDS)
    score = naive_score(path, [*TOKENS[:-1], END, TOKENS[-1]])
    for length in range(4):
        for text in itertools.product([2, 3, 4], repeat=length):
            found = {token: math.exp(score(text, token)) for token in (1, 2, 3, 4, 5)}
            assert math.fsum(found.values()) == pytest.approx(1.0, abs=1e-5)
            history = (IDS[START], *text)
            for token, value in found.items():
                wanted = IDS[END] if token == 5 else token
                expected = probability(TEXTS, order, history, wanted)
                assert value == pytest.approx(expected, rel=1e-5)


def test_seen_text_is_likelier_than_another():
    lm = NGramLM(estimate(3), TOKENS)
    start = torch.tensor([lm.start])
    after = lm.advance(lm.advance(start, torch.tensor([2])), torch.tensor([3]))
    seen, unseen = lm.score(after)[0, 4], lm.score(after)[0, 3]
    assert seen > unseen > -math.inf


def test_nothing_to_count():
    with pytest.raises(ConfigError, match="order 0"):
        estimate(0)
    with pytest.raises(ConfigError, match="no text to count n-grams in"):
        witten_bell([], 2, tokens=[1], start=3, end=4)
