"""Words as tables, and the prefix search that spells only them, against slow oracles."""

import dataclasses
import itertools
import math
import types

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.ctc_prefix_beam import prefix_beam, sequence_probabilities

from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.errors import ConfigError
from espnet_av.search.ctc_prefix import ctc_prefix
from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.lexicon import Lexicon

# Label 0 is blank, 1 begins every word; 5 is in no word.
WORDS = ((1, 2), (1, 2, 3), (1, 3, 3), (1, 4, 2, 4))
VOCAB_SIZE = 6


def is_text(labels):
    """Whether labels are words of the list, one after the other."""
    return not labels or any(
        labels[: len(word)] == word and is_text(labels[len(word) :]) for word in WORDS
    )


def begins_text(labels):
    """Whether a text can go on from here."""
    endings = [(), *(word[cut:] for word in WORDS for cut in range(1, len(word)))]
    return any(is_text((*labels, *ending)) for ending in endings)


def random_log_probs(num_utts, num_frames, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(num_utts, num_frames, VOCAB_SIZE, generator=generator) * 2
    return torch.log_softmax(scores.double(), dim=-1)


def test_tables_allow_just_the_beginnings_of_texts():
    lexicon = Lexicon(WORDS, VOCAB_SIZE)
    for length in range(1, 6):
        for labels in itertools.product(range(1, VOCAB_SIZE), repeat=length):
            state, allowed = 0, True
            for label in labels:
                allowed = allowed and bool(lexicon.allowed[state, label])
                state = int(lexicon.following[state, label])
            assert allowed == begins_text(labels), labels
            if allowed:
                assert bool(lexicon.complete[state]) == is_text(labels), labels


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    beam_size=st.integers(1, 6),
    lengths=st.lists(st.integers(1, 10), min_size=1, max_size=3),
    penalty=st.sampled_from([0.0, 0.8]),
)
def test_same_as_dictionaries(seed, beam_size, lengths, penalty):
    log_probs = random_log_probs(len(lengths), max(lengths), seed)
    found = ctc_prefix(
        log_probs,
        torch.tensor(lengths),
        beam_size,
        length_penalty=penalty,
        nbest=beam_size,
        lexicon=Lexicon(WORDS, VOCAB_SIZE),
    )
    for utt, length in enumerate(lengths):
        beam = prefix_beam(log_probs[utt, :length].tolist(), beam_size, penalty, allows=begins_text)
        expected = [entry for entry in beam if is_text(entry[0])] or beam
        assert [tuple(h.tokens) for h in found[utt]] == [prefix for prefix, _ in expected]
        assert [h.parts["ctc"] for h in found[utt]] == pytest.approx([s for _, s in expected])


def test_a_wide_beam_finds_every_text_with_its_exact_probability():
    log_probs = random_log_probs(1, 6)
    exact = sequence_probabilities(log_probs[0].tolist())
    lexicon = Lexicon(WORDS, VOCAB_SIZE)
    (found,) = ctc_prefix(log_probs, torch.tensor([6]), 300, nbest=300, lexicon=lexicon)
    expected = {labels: score for labels, score in exact.items() if is_text(labels)}
    assert {tuple(h.tokens): h.score for h in found} == pytest.approx(expected)
    assert len(found) > 10


def test_neither_padding_nor_neighbours_change_anything():
    log_probs, lexicon = random_log_probs(3, 9), Lexicon(WORDS, VOCAB_SIZE)
    lengths = torch.tensor([9, 4, 7])
    together = ctc_prefix(log_probs, lengths, 4, nbest=4, lexicon=lexicon)
    for utt, length in enumerate(lengths.tolist()):
        one = log_probs[utt : utt + 1, :length]
        alone = ctc_prefix(one, lengths[utt : utt + 1], 4, nbest=4, lexicon=lexicon)
        assert together[utt] == alone[0]


def test_without_a_whole_word_the_beginning_is_kept():
    log_probs = torch.full((1, 2, VOCAB_SIZE), -math.inf)
    log_probs[0, 0, 1] = log_probs[0, 1, 4] = 0.0
    (found,) = ctc_prefix(log_probs, torch.tensor([2]), 3, lexicon=Lexicon(WORDS, VOCAB_SIZE))
    assert [h.tokens for h in found] == [[1, 4]]


@pytest.mark.parametrize(
    ("spellings", "message"),
    [
        ([], "has no word"),
        ([(1, 2), ()], "empty line"),
        ([(1, 2), (2, 3)], r"\[2\] both begin words and stand inside"),
    ],
)
def test_what_is_no_lexicon(spellings, message):
    with pytest.raises(ConfigError, match=message):
        Lexicon(spellings, VOCAB_SIZE)


def test_words_of_the_training_text(tmp_path):
    tokenizer = train_tokenizer(["set red", "red at a"], tmp_path, "char", 0)
    with pytest.raises(ConfigError, match="run the tokens stage"):
        Lexicon.of_training_words(tokenizer)
    with pytest.raises(ConfigError, match="'box' of words"):
        Lexicon.of_training_words(dataclasses.replace(tokenizer, words=("set", "box")))
    words = ("a", "at", "red", "set")
    lexicon = Lexicon.of_training_words(dataclasses.replace(tokenizer, words=words))
    state = 0
    for token in tokenizer.encode("at red a set"):
        assert lexicon.allowed[state, token]
        state = int(lexicon.following[state, token])
    assert lexicon.complete[state]


def test_the_configuration_asks_for_it():
    with pytest.raises(ValueError, match="only method ctc_prefix"):
        DecodeConfig(method="joint", lexicon="words")
    log_probs = random_log_probs(1, 8)
    model = types.SimpleNamespace(
        ctc=types.SimpleNamespace(log_softmax=lambda out: out),
        blank_id=0,
        decoder=None,
        predictor=None,
    )
    encoded = types.SimpleNamespace(out=log_probs.float(), lengths=torch.tensor([8]))
    config = DecodeConfig(method="ctc_prefix", lexicon="words")
    lexicon = Lexicon(WORDS, VOCAB_SIZE)
    ((free,),) = decode_batch(model, encoded, config)
    ((found,),) = decode_batch(model, encoded, config, lexicon)
    assert is_text(tuple(found.tokens))
    assert not is_text(tuple(free.tokens))


def test_texts_with_language_tags_have_no_lexicon(tmp_path):
    tokenizer = train_tokenizer(["set red"], tmp_path, "char", 0, ["en"])
    with pytest.raises(ConfigError, match="language tags"):
        Lexicon.of_training_words(dataclasses.replace(tokenizer, words=("set",)))
