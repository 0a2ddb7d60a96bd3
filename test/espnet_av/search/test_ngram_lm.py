"""Tables of an n-gram against its definition."""

import itertools

import pytest
import torch
from oracles.ngram import naive_score, random_arpa

from espnet_av.errors import ConfigError
from espnet_av.search.ngram_lm import NGramLM

TOKENS = ["<blank>", "<unk>", "a", "b", "▁c", "<sos/eos>"]


def states_of(lm, texts):
    states = torch.full((len(texts),), lm.start)
    for column in zip(*texts, strict=True):
        states = lm.advance(states, torch.tensor(column))
    return states


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("share", [0.15, 0.6])
def test_scores_of_every_text(tmp_path, order, share):
    path = random_arpa(tmp_path / "lm.arpa", TOKENS, order, seed=order, share=share)
    lm, expected = NGramLM.read(path, TOKENS), naive_score(path, TOKENS)
    for length in range(5):
        texts = list(itertools.product(range(1, len(TOKENS) - 1), repeat=length))
        scores = lm.score(states_of(lm, texts))
        assert scores.shape == (len(texts), len(TOKENS))
        for text, row in zip(texts, scores.tolist(), strict=True):
            assert row == pytest.approx([expected(text, t) for t in range(len(TOKENS))], abs=1e-5)


def test_tokens_that_the_file_lacks_are_as_likely_as_the_unknown_one(tmp_path):
    path = random_arpa(tmp_path / "lm.arpa", TOKENS, 2)
    longer = [*TOKENS[:-1], "new", TOKENS[-1]]
    scores = NGramLM.read(path, longer).score(torch.tensor([0]))[0]
    assert scores[longer.index("new")] == scores[longer.index("<unk>")]


def test_tokens_without_any_probability_are_named(tmp_path):
    path = tmp_path / "lm.arpa"
    path.write_text("\\data\\\nngram 1=1\n\n\\1-grams:\n-0.1 a\n\n\\end\\\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"lm\.arpa: no probability for 3 tokens .* '<unk>'"):
        NGramLM.read(path, TOKENS)
