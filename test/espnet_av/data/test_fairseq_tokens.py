"""A tokenizer that fairseq numbered, in our order."""

import io

import pytest
import sentencepiece

from espnet_av.data.fairseq_tokens import save_fairseq_tokens
from espnet_av.errors import CheckpointError

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
TEXTS = ["the cat sat", "a dog ran", "cats and dogs", "the end"] * 5


@pytest.fixture(scope="module")
def model():
    """As AV-HuBERT trains it: four special pieces first."""
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_writer=stream,
        model_type="unigram",
        vocab_size=20,
        bos_id=0,
        pad_id=1,
        eos_id=2,
        unk_id=3,
        minloglevel=2,
    )
    return stream.getvalue()


def pieces_of(model):
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


@pytest.mark.parametrize("in_order", [True, False])
def test_ids_follow_the_dictionary(model, in_order, tmp_path):
    pieces = pieces_of(model)[4:]
    symbols = [*SPECIAL, *(pieces if in_order else pieces[::-1])]
    tokenizer = save_fairseq_tokens(model, symbols, tmp_path)
    assert tokenizer.tokens == ("<blank>", "<unk>", *symbols[4:], "<sos/eos>")
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model)
    for text in ("the cat", "dogs ran", "x"):
        split = [
            p if theirs.piece_to_id(p) != 3 else "<unk>" for p in theirs.encode_as_pieces(text)
        ]
        assert [tokenizer.tokens[i] for i in tokenizer.encode(text)] == split
    assert tokenizer.decode(tokenizer.encode("the cat sat")) == "the cat sat"


def test_a_dictionary_of_another_model(model, tmp_path):
    with pytest.raises(CheckpointError, match="lacks zebra, which the list of tokens has"):
        save_fairseq_tokens(model, [*SPECIAL, "zebra"], tmp_path)
    with pytest.raises(CheckpointError, match="damaged"):
        save_fairseq_tokens(b"\xff\xff nothing", [*SPECIAL], tmp_path)
