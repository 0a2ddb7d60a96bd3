"""Batched greedy transducer search against one utterance, one frame at a time."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.espnet_search import random_frames
from oracles.transducer_search import greedy, log_probs, tiny_transducer

from espnet_av.search.transducer_greedy import TransducerGreedy


@settings(max_examples=30, deadline=None)
@given(
    predictor=st.sampled_from(["lstm", "stateless"]),
    seed=st.integers(0, 1000),
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=3),
    max_symbols=st.integers(1, 4),
    blank_bias=st.sampled_from([-2.0, 0.0, 2.0]),
)
def test_same_as_one_by_one(predictor, seed, lengths, max_symbols, blank_bias):
    model = tiny_transducer(predictor, seed=seed, blank_bias=blank_bias)
    encoded = random_frames([*lengths, 10], size=10, seed=seed)
    found = TransducerGreedy(model, max_symbols).search(encoded.out, encoded.lengths)
    assert len(found) == len(lengths) + 1
    for hypothesis, frames, length in zip(found, encoded.out, encoded.lengths, strict=True):
        tokens, places, score = greedy(model, frames[:length], max_symbols)
        assert (hypothesis.tokens, hypothesis.frames) == (tokens, places)
        assert hypothesis.score == pytest.approx(score, abs=1e-5)
        assert hypothesis.parts == {"transducer": hypothesis.score}


def test_probabilities_are_of_each_token_at_its_frame():
    model, encoded = tiny_transducer(), random_frames([9], size=10)
    (found,) = TransducerGreedy(model, 2).search(encoded.out, encoded.lengths)
    assert found.tokens
    for place, (token, frame) in enumerate(zip(found.tokens, found.frames, strict=True)):
        scores = torch.tensor(log_probs(model, encoded.out[0, frame], found.tokens[:place]))
        assert found.probabilities[place] == pytest.approx(float(scores[token].exp()), rel=1e-5)


def test_a_frame_gives_no_more_tokens_than_allowed():
    model, encoded = tiny_transducer(blank_bias=-1e3), random_frames([4, 2], size=10)
    first, second = TransducerGreedy(model, 3).search(encoded.out, encoded.lengths)
    assert first.frames == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert second.frames == [0, 0, 0, 1, 1, 1]


def test_nothing_but_blanks_is_an_empty_text():
    model, encoded = tiny_transducer(blank_bias=1e3), random_frames([4, 2], size=10)
    for found in TransducerGreedy(model, 3).search(encoded.out, encoded.lengths):
        assert (found.tokens, found.frames, found.probabilities) == ([], [], [])
        assert found.score == pytest.approx(0.0)


def test_the_predictor_runs_as_often_as_the_longest_text_has_tokens(monkeypatch):
    model, encoded = tiny_transducer(blank_bias=1.0), random_frames([20, 20, 20], size=10)
    rows = []
    step = model.predictor.step
    monkeypatch.setattr(
        model.predictor,
        "step",
        lambda tokens, state: rows.append(len(tokens)) or step(tokens, state),
    )
    found = TransducerGreedy(model, 1).search(encoded.out, encoded.lengths)
    lengths = [len(hypothesis.tokens) for hypothesis in found]
    assert len(rows) <= 1 + max(lengths)
    assert sum(rows) <= 3 + sum(lengths)
