"""The batched transducer searches give the texts, orders and scores of ESPnet's search.

ESPnet's `greedy_search` takes at most one symbol a frame, and a token ends its frame: that is ours
with `max_symbols: 1`. Its score leaves out the blanks.

Of its beam searches none ends a frame with a token: in `default`, `tsd`, `alsd` and `maes` a blank
at the same frame has to follow, as in the lattice of the loss. (`nsc` with `nstep=1` has no such
blank, but drops an extension that spells a text of the beam, or, with `prefix_alpha=1`, adds it a
frame early; both give other scores.) `tsd` with `max_sym_exp=2` differs by nothing else: it takes
the `beam_size` best extensions of a frame, adds those that spell a text of the beam to it and keeps
the `beam_size` best of all. It asks the joint network twice a frame, the second time for this blank
alone. With one that then calls it certain, it is our search: every text, the order and the scores.
"""

import pytest
import torch
from oracles.espnet_search import random_frames
from oracles.ngram import naive_score, random_arpa
from oracles.transducer_search import tiny_transducer

from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.ngram_lm import NGramLM
from tools.benchmarks.espnet_transducer import greedy_search, one_token_search

LENGTHS = [9, 16, 12, 1]


class EachText:
    """A language model, as `tsd` calls it, of a function (text, token) -> log-probability."""

    def __init__(self, score, vocab_size, blank_id=0):
        self.score, self.vocab_size, self.blank_id = score, vocab_size, blank_id

    def zero_state(self):
        return ()

    def batch_score(self, tokens, states, _):
        """`tokens` (B, 1) are the last ones of texts whose others are `states`."""
        last = tokens.flatten().tolist()
        texts = [
            (*state, token) if token != self.blank_id else state
            for state, token in zip(states, last, strict=True)
        ]
        scores = [[self.score(text, token) for token in range(self.vocab_size)] for text in texts]
        return torch.tensor(scores, dtype=torch.float64), texts


@torch.no_grad()
def one_by_one(search, encoded):
    """Per utterance [(tokens, score)], best first."""
    results = []
    for frames, length in zip(encoded.out, encoded.lengths.tolist(), strict=True):
        found = search(frames[:length])
        results.append([(hypothesis.yseq[1:], float(hypothesis.score)) for hypothesis in found])
    return results


@pytest.mark.parametrize("seed", range(4))
def test_greedy(seed):
    model = tiny_transducer(seed=seed, vocab_size=20, blank_bias=1.0)
    encoded = random_frames(LENGTHS, size=10, seed=seed)
    config = DecodeConfig(method="transducer_greedy", max_symbols=1)
    ours = decode_batch(model, encoded, config)
    theirs = one_by_one(greedy_search(model), encoded)
    assert any(found.tokens for (found,) in ours)
    for (found,), ((tokens, score),) in zip(ours, theirs, strict=True):
        assert found.tokens == tokens
        by_token = torch.tensor(found.probabilities).log().sum().item()
        assert by_token == pytest.approx(score, abs=1e-4)


def assert_same(ours, theirs, length_norm):
    for found, expected in zip(ours, theirs, strict=True):
        assert [hypothesis.tokens for hypothesis in found] == [tokens for tokens, _ in expected]
        for hypothesis, (tokens, score) in zip(found, expected, strict=True):
            share = len(tokens) + 1 if length_norm else 1
            assert hypothesis.score * share == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("beam_size", [2, 5, 10])
@pytest.mark.parametrize("length_norm", [True, False])
def test_beam(seed, beam_size, length_norm):
    model = tiny_transducer(seed=seed, vocab_size=20, blank_bias=1.0)
    encoded = random_frames(LENGTHS, size=10, seed=seed)
    config = DecodeConfig(
        method="transducer_beam", beam_size=beam_size, nbest=beam_size, length_norm=length_norm
    )
    search = one_token_search(model, beam_size, nbest=beam_size, score_norm=length_norm)
    assert_same(decode_batch(model, encoded, config), one_by_one(search, encoded), length_norm)


@pytest.mark.parametrize("seed", range(3))
def test_beam_with_language_model(tmp_path, seed):
    tokens = ["<blank>", "<unk>", "a", "b", "c", "d", "e", "<sos/eos>"]
    path = random_arpa(tmp_path / "lm.arpa", tokens, order=3, seed=seed)
    model = tiny_transducer(seed=seed, vocab_size=len(tokens), blank_bias=1.0)
    encoded = random_frames(LENGTHS, size=10, seed=seed)
    # ESPnet picks the extensions of a text without the language model: it must not pick at all.
    config = DecodeConfig(
        method="transducer_beam", beam_size=len(tokens) - 1, nbest=3, lm_file=path, lm_weight=0.5
    )
    lm = EachText(naive_score(path, tokens), len(tokens))
    search = one_token_search(model, config.beam_size, nbest=3, lm=lm, lm_weight=0.5)
    ours = decode_batch(model, encoded, config, lm=NGramLM.read(path, tokens))
    assert_same(ours, one_by_one(search, encoded), length_norm=True)
