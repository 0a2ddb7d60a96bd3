"""Greedy and beam search with mBART's decoder: the hypotheses of Hugging Face's `generate`."""

from types import SimpleNamespace

import pytest
import torch
from oracles.mbart import SIZE, VOCAB_SIZE, our_decoder, our_ids, their_ids, their_model
from transformers.modeling_outputs import BaseModelOutput

from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig

LENGTHS = (9, 4, 7, 1, 6, 2)
FIRST_TAG = VOCAB_SIZE - 53
ALPHA = 2.0


def ending_model(seed):
    """So likely to end that some texts do early, and some are cut at the limit."""
    theirs = their_model(seed)
    with torch.no_grad():
        theirs.model.shared.weight[2] += ALPHA * theirs.model.decoder.layer_norm.bias
    return theirs


def generate(theirs, memory, tags, most, beams, penalty, nbest):
    """Hypotheses by utterance, with their scores; the given tokens first, the end left out."""
    config = theirs.generation_config
    config.update(
        forced_eos_token_id=None, decoder_start_token_id=2, eos_token_id=2, pad_token_id=1
    )
    mask = torch.arange(memory.size(1)) < torch.tensor(LENGTHS).unsqueeze(1)
    found = theirs.generate(
        encoder_outputs=BaseModelOutput(last_hidden_state=memory), attention_mask=mask.long(),
        decoder_input_ids=torch.tensor([[2, tag] for tag in tags]), num_beams=beams,
        num_return_sequences=nbest, max_length=2 + most, do_sample=False, length_penalty=penalty,
        early_stopping=False, return_dict_in_generate=True, output_scores=True,
    )  # fmt: skip
    rows = []
    for row in found.sequences.tolist():
        assert row[0] == 2
        text = row[1:]
        # After the end there is padding; a <pad> before it is a token as any other.
        rows.append(text[: text.index(2)] if 2 in text else text)
    scores = found.sequences_scores.tolist() if beams > 1 else None
    return rows, scores


def ours(decoder, memory, tags, most, beams, penalty, nbest):
    model = SimpleNamespace(
        decoder=decoder,
        ctc=None,
        predictor=None,
        sos=VOCAB_SIZE - 1,
        eos=VOCAB_SIZE - 1,
        blank_id=0,
    )
    encoded = SimpleNamespace(out=memory, lengths=torch.tensor(LENGTHS))
    config = DecodeConfig(
        method="attention", beam_size=beams, length_penalty=penalty, maxlenratio=-most, nbest=nbest
    )
    given = our_ids(torch.tensor(tags)).unsqueeze(1).tolist()
    return decode_batch(model, encoded, config, given=given)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize(("beams", "penalty", "nbest"), [(1, 1.0, 1), (5, 1.0, 1), (5, 0.6, 3)])
def test_hypotheses_are_those_of_generate(seed, beams, penalty, nbest):
    theirs = ending_model(seed)
    decoder = our_decoder(theirs)
    memory = torch.randn(len(LENGTHS), 9, SIZE, generator=torch.Generator().manual_seed(seed))
    tags = [FIRST_TAG + i for i in range(len(LENGTHS))]
    expected, scores = generate(theirs, memory, tags, 12, beams, penalty, nbest)
    found = ours(decoder, memory, tags, 12, beams, penalty, nbest)
    texts = [their_ids(h.tokens) for hypotheses in found for h in hypotheses]
    assert texts == expected
    assert all(text[0] == tags[i // nbest] for i, text in enumerate(texts)), "[2, language, ...]"
    if scores is not None:
        got = [h.score for hypotheses in found for h in hypotheses]
        assert got == pytest.approx(scores, abs=1e-4)


def test_lengths_differ_among_them():
    """Otherwise the test above would say little about how texts end."""
    decoder, tags = our_decoder(ending_model(2)), [FIRST_TAG + i for i in range(len(LENGTHS))]
    memory = torch.randn(len(LENGTHS), 9, SIZE, generator=torch.Generator().manual_seed(2))
    lengths = {len(found[0].tokens) for found in ours(decoder, memory, tags, 12, 5, 1.0, 1)}
    assert len(lengths) >= 3 and max(lengths) == 13


def test_a_batch_changes_no_hypothesis():
    decoder = our_decoder(their_model(3))
    memory = torch.randn(len(LENGTHS), 9, SIZE)
    tags = [FIRST_TAG + 3 * i for i in range(len(LENGTHS))]
    together = ours(decoder, memory, tags, 10, 4, 1.0, 2)
    for row, length in enumerate(LENGTHS):
        model = SimpleNamespace(
            decoder=decoder, ctc=None, predictor=None, sos=VOCAB_SIZE - 1, eos=VOCAB_SIZE - 1,
            blank_id=0,
        )  # fmt: skip
        encoded = SimpleNamespace(
            out=memory[row : row + 1, :length], lengths=torch.tensor([length])
        )
        config = DecodeConfig(
            method="attention", beam_size=4, length_penalty=1.0, maxlenratio=-10, nbest=2
        )
        alone = decode_batch(
            model, encoded, config, given=[[int(our_ids(torch.tensor(tags[row])))]]
        )
        assert [h.tokens for h in alone[0]] == [h.tokens for h in together[row]]
