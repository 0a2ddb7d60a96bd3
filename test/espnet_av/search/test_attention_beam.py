"""Beam search of the decoder alone, against all outputs counted; limits; who may use it."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import pytest
import torch
from oracles import av_batch

from espnet_av.errors import ConfigError
from espnet_av.modules.decoder import build_decoder
from espnet_av.search.decode_batch import check_search, decode_batch, default_search
from espnet_av.search.decode_config import DecodeConfig

VOCAB, SIZE = 4, 6
END = VOCAB - 1


def make_model(seed=0, **conf):
    torch.manual_seed(seed)
    conf = {"size": 8, "attention_heads": 2, "linear_units": 8, "num_blocks": 1, **conf}
    decoder = build_decoder("fairseq_transformer", VOCAB, SIZE, conf)
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    parts = {"ctc": None, "predictor": None, "sos": END, "eos": END, "blank_id": 0}
    return SimpleNamespace(decoder=decoder.eval(), **parts)


def search(model, memory, lengths, given=None, **config):
    values = {"method": "attention", "length_penalty": 1.0, **config}
    encoded = SimpleNamespace(out=memory, lengths=torch.tensor(lengths))
    return decode_batch(model, encoded, DecodeConfig(**values), given=given)


@torch.no_grad()
def all_outputs(model, frames, given, most, penalty):
    """(score, tokens) of every output of at most `most` tokens, the end counted, best first."""
    found = []
    for length in range(1, most + 1):
        for text in product(range(VOCAB), repeat=length):
            if END in text[:-1] or (length < most and text[-1] != END):
                continue
            told = torch.tensor([[END, *given, *text]])
            logits, _ = model.decoder(
                frames[None],
                torch.tensor([len(frames)]),
                told[:, :-1],
                torch.tensor([told.size(1) - 1]),
            )
            logs = logits[0].log_softmax(1)[len(given) :]
            total = sum(float(logs[i, token]) for i, token in enumerate(text))
            tokens = [*given, *text[:-1]] if text[-1] == END else [*given, *text]
            found.append((total / length**penalty, tokens))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("penalty", [0.0, 0.5, 1.0, 2.0])
def test_a_wide_beam_finds_the_best_of_all(penalty):
    """So wide that nothing is pruned; nor can it stop early, for all places are never taken."""
    model, memory = make_model(), torch.randn(2, 5, SIZE)
    found = search(
        model, memory, [5, 3], [[1], [2]], beam_size=200, maxlenratio=-4, length_penalty=penalty,
        nbest=3,
    )  # fmt: skip
    for row, (length, first) in enumerate(((5, 1), (3, 2))):
        expected = all_outputs(model, memory[row, :length], [first], 4, penalty)
        for hypothesis, (score, tokens) in zip(found[row], expected, strict=False):
            assert hypothesis.tokens == tokens
            assert hypothesis.score == pytest.approx(score, abs=1e-5)


def test_limits_of_length():
    model, memory = make_model(1), torch.randn(2, 6, SIZE)
    for found in search(model, memory, [6, 4], minlenratio=-3, maxlenratio=-5, nbest=5):
        assert all(3 <= len(h.tokens) <= 5 for h in found)
    shares = search(model, memory, [6, 4], minlenratio=0.5, maxlenratio=0.5)
    assert [len(found[0].tokens) for found in shares] == [3, 2]
    short = make_model(1, positions="learned", max_positions=4)
    found = search(short, memory, [6, 4], [[1], [1]], minlenratio=-9)
    # Three positions for tokens that are fed, behind start and tag; the last one needs none.
    assert [len(f[0].tokens) for f in found] == [4, 4]


def test_without_given_tokens_texts_begin_freely():
    model, memory = make_model(2), torch.randn(1, 4, SIZE)
    found = search(model, memory, [4], beam_size=200, maxlenratio=-3)
    score, tokens = all_outputs(model, memory[0], [], 3, 1.0)[0]
    assert found[0][0].tokens == tokens
    assert found[0][0].parts["decoder"] == pytest.approx(
        score * max(1, len(tokens) + (len(tokens) < 3))
    )


QUIET = {"ctc_weight": 0.0, "interctc_layers": [], "units_weight": 0.0}


def test_who_was_told_the_language_is_searched_so():
    told, free = av_batch.model(tag_is_given=True, **QUIET), av_batch.model(**QUIET)
    assert default_search(told).method == "attention"
    assert default_search(free).method == "joint"
    check_search(free, DecodeConfig(method="attention"))
    with pytest.raises(ConfigError, match=r"joint would have to guess the language.*'method: att"):
        check_search(told, DecodeConfig(method="joint", ctc_weight=0.0))
    letters = av_batch.model(decoder="none", ctc_weight=1.0)
    with pytest.raises(ConfigError, match="attention needs an attention decoder"):
        check_search(letters, DecodeConfig(method="attention"))
