"""Batched transducer beam search against dictionaries, one utterance at a time."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.espnet_search import random_frames
from oracles.ngram import naive_score, random_arpa
from oracles.transducer_search import beam, greedy, log_probs, tiny_transducer

from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.search.transducer_beam import TransducerBeam

TOKENS = ["<blank>", "<unk>", "a", "b", "c", "d", "<sos/eos>"]


def config_of(beam_size, **settings):
    return DecodeConfig(
        method="transducer_beam",
        beam_size=beam_size,
        nbest=beam_size,
        length_norm=False,
        **settings,
    )


def search(model, encoded, config, lm=None):
    return TransducerBeam(model, config, lm).search(encoded.out, encoded.lengths)


def assert_same(found, expected):
    assert [hypothesis.tokens for hypothesis in found] == [tokens for tokens, _, _ in expected]
    assert [hypothesis.frames for hypothesis in found] == [frames for _, _, frames in expected]
    scores = [hypothesis.score for hypothesis in found]
    assert scores == pytest.approx([score for _, score, _ in expected], abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    predictor=st.sampled_from(["lstm", "stateless"]),
    seed=st.integers(0, 1000),
    beam_size=st.integers(1, 8),
    vocab_size=st.integers(2, 9),
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=3),
    bonus=st.sampled_from([0.0, 0.7, -0.5]),
)
def test_same_as_dictionaries(predictor, seed, beam_size, vocab_size, lengths, bonus):
    model = tiny_transducer(predictor, vocab_size, seed=seed, blank_bias=1.0)
    encoded = random_frames([*lengths, 7], size=10, seed=seed)
    found = search(model, encoded, config_of(beam_size, length_penalty=bonus))
    for hypotheses, frames, length in zip(found, encoded.out, encoded.lengths, strict=True):
        assert_same(hypotheses, beam(model, frames[:length], beam_size, bonus=bonus))
        for hypothesis in hypotheses:
            parts = hypothesis.parts
            assert parts["length_bonus"] == len(hypothesis.tokens)
            total = parts["transducer"] + bonus * parts["length_bonus"]
            assert hypothesis.score == pytest.approx(total)


def test_a_long_text_outgrows_its_first_table():
    model, encoded = tiny_transducer(blank_bias=-3.0), random_frames([45], size=10)
    (found,) = search(model, encoded, config_of(4))
    assert len(found[0].tokens) > 32
    assert_same(found, beam(model, encoded.out[0], 4))


def test_a_wide_beam_finds_the_exact_probabilities():
    model, encoded = tiny_transducer(vocab_size=3), random_frames([4], size=10)
    (found,) = search(model, encoded, config_of(100))
    assert len(found) == 1 + 2 + 4 + 8 + 16
    assert math.fsum(math.exp(hypothesis.score) for hypothesis in found) == pytest.approx(1.0)


def test_a_beam_of_one_is_greedy_where_no_paths_meet():
    model, encoded = tiny_transducer(sharpness=12.0), random_frames([12, 7], size=10)
    for (found,), frames, length in zip(
        search(model, encoded, config_of(1)), encoded.out, encoded.lengths, strict=True
    ):
        tokens, places, score = greedy(model, frames[:length], max_symbols=1)
        assert (found.tokens, found.frames) == (tokens, places)
        assert found.score >= score - 1e-5


@pytest.mark.parametrize("predictor", ["lstm", "stateless"])
def test_padding_order_and_batch_change_nothing(predictor):
    model, lengths = tiny_transducer(predictor, blank_bias=1.0), [5, 11, 8, 11]
    encoded = random_frames(lengths, size=10)
    together = search(model, encoded, config_of(5))
    for utt, length in enumerate(lengths):
        alone = TransducerBeam(model, config_of(5)).search(
            encoded.out[utt : utt + 1, :length], encoded.lengths[utt : utt + 1]
        )[0]
        assert [h.tokens for h in alone] == [h.tokens for h in together[utt]]
        assert [h.frames for h in alone] == [h.frames for h in together[utt]]
        scores = [h.score for h in together[utt]]
        assert [h.score for h in alone] == pytest.approx(scores, abs=1e-5)


def test_probabilities_are_of_each_token_at_its_frame():
    model, encoded = tiny_transducer(), random_frames([9], size=10)
    (found,) = search(model, encoded, config_of(4))
    for hypothesis in found:
        for place, (token, frame) in enumerate(
            zip(hypothesis.tokens, hypothesis.frames, strict=True)
        ):
            scores = log_probs(model, encoded.out[0, frame], hypothesis.tokens[:place])
            assert hypothesis.probabilities[place] == pytest.approx(
                math.exp(scores[token]), rel=1e-4
            )


def test_length_norm_only_ranks_anew():
    model, encoded = tiny_transducer(blank_bias=1.5, sharpness=2.0), random_frames([10], size=10)
    (plain,) = search(model, encoded, config_of(6))
    config = DecodeConfig(method="transducer_beam", beam_size=6, nbest=3)
    (normed,) = search(model, encoded, config)
    expected = sorted(plain, key=lambda h: h.score / (len(h.tokens) + 1), reverse=True)[:3]
    assert [h.tokens for h in normed] == [h.tokens for h in expected]
    assert [h.tokens for h in normed] != [h.tokens for h in plain[:3]]
    for hypothesis, same in zip(normed, expected, strict=True):
        assert hypothesis.score == pytest.approx(same.score / (len(same.tokens) + 1))
        assert hypothesis.parts == same.parts


def test_nothing_but_blanks_is_an_empty_text():
    model, encoded = tiny_transducer(blank_bias=1e3), random_frames([4, 2], size=10)
    for found in search(model, encoded, config_of(2)):
        assert (found[0].tokens, found[0].frames) == ([], [])
        assert found[0].score == pytest.approx(0.0)


@pytest.mark.parametrize("predictor", ["lstm", "stateless"])
@pytest.mark.parametrize("seed", range(4))
def test_language_model(tmp_path, predictor, seed):
    path = random_arpa(tmp_path / "lm.arpa", TOKENS, order=3, seed=seed)
    lm = NGramLM.read(path, TOKENS)
    model = tiny_transducer(predictor, vocab_size=len(TOKENS), seed=seed, blank_bias=1.0)
    encoded = random_frames([8, 5, 8], size=10, seed=seed)
    config = config_of(4, lm_file=path, lm_weight=0.6, length_penalty=1.2)
    score = naive_score(path, TOKENS)
    found = search(model, encoded, config, lm)
    for hypotheses, frames, length in zip(found, encoded.out, encoded.lengths, strict=True):
        assert_same(hypotheses, beam(model, frames[:length], 4, bonus=1.2, lm=score, lm_weight=0.6))
        for hypothesis in hypotheses:
            tokens = hypothesis.tokens
            by_lm = math.fsum(score(tokens[:place], token) for place, token in enumerate(tokens))
            assert hypothesis.parts["lm"] == pytest.approx(by_lm, abs=1e-5)
            total = hypothesis.parts["transducer"] + 0.6 * by_lm + 1.2 * len(tokens)
            assert hypothesis.score == pytest.approx(total, abs=1e-5)
    without = search(model, encoded, config_of(4))
    assert [h[0].tokens for h in without] != [h[0].tokens for h in found]


def test_model_in_half_precision():
    model, encoded = tiny_transducer("lstm"), random_frames([6], size=10)
    model.predictor.bfloat16(), model.joiner.bfloat16()
    found = TransducerBeam(model, config_of(3)).search(
        encoded.out.to(torch.bfloat16), encoded.lengths
    )
    assert len(found[0]) == 3
