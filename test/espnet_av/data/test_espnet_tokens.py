"""Tokens of ESPnet keep their numbers, and texts become the same tokens."""

import io

import pytest
import sentencepiece

from espnet_av.data.espnet_tokens import save_espnet_tokens
from espnet_av.errors import CheckpointError

TEXTS = ["the cat sat", "a dog ran", "cats and dogs", "the end"] * 5
ENDS = ("<blank>", "<unk>"), ("<sos/eos>",)


def listed(*symbols):
    return [*ENDS[0], *symbols, *ENDS[1]]


def espnets(kind, tokens, text, **options):
    """Numbers that ESPnet's own tokenizer and converter give a text."""
    from espnet2.text.build_tokenizer import build_tokenizer
    from espnet2.text.token_id_converter import TokenIDConverter

    tokenizer = build_tokenizer(kind, **options)
    return TokenIDConverter(tokens).tokens2ids(tokenizer.text2tokens(text))


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_pieces(model_type, tmp_path):
    """As ESPnet's recipes train them: <unk>, <s>, </s> first, which its list leaves out."""
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_writer=stream,
        model_type=model_type,
        vocab_size=20,
        minloglevel=2,
    )
    model = tmp_path / "bpe.model"
    model.write_bytes(stream.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=stream.getvalue())
    tokens = listed(*(processor.id_to_piece(i) for i in range(3, 20)))
    ours = save_espnet_tokens(tokens, "bpe", model, tmp_path / "ours", "x")
    assert list(ours.tokens) == tokens
    for text in ("the cat ran", "dogs and  cats", "zebra"):
        assert ours.encode(text) == espnets("bpe", tokens, text, bpemodel=str(model))
    assert ours.decode(ours.encode("the cat ran")) == "the cat ran"
    with pytest.raises(CheckpointError, match=r"bpe\.model: lacks zebra, which the list of tokens"):
        save_espnet_tokens(listed("zebra"), "bpe", model, tmp_path / "no", "x")


def test_characters(tmp_path):
    tokens = listed("E", "<space>", "A", "<noise>", "T", "'")
    ours = save_espnet_tokens(tokens, "char", None, tmp_path, "x")
    assert ours.tokens[3] == "\N{LOWER ONE EIGHTH BLOCK}"
    for text in ("EAT A TEA", "<noise> TEA", "TAE'X"):
        expected = espnets("char", tokens, text, non_linguistic_symbols=["<noise>"])
        assert ours.encode(text) == expected
    assert ours.decode(ours.encode("EAT A TEA")) == "EAT A TEA"


@pytest.mark.parametrize("kind", ["word", "phn"])
def test_words_and_phones(kind, tmp_path):
    tokens = listed("hello", "AH0", "world", "<noise>")
    ours = save_espnet_tokens(tokens, kind, None, tmp_path, "x")
    for text in ("hello world", "world AH0 <noise>  new hello"):
        assert ours.encode(text) == espnets("word", tokens, text)
    assert ours.decode(ours.encode("world hello")) == "world hello"


@pytest.mark.parametrize(
    ("tokens", "kind", "message"),
    [
        (["<unk>", "<blank>", "a", "<sos/eos>"], "char", "token 0 of 4 is <unk>, where <blank> is"),
        (["<blank>", "<unk>", "a", "<sos>", "<eos>"], "char", "token 4 of 5 is <eos>, where"),
        (["<blank>", "<unk>"], "char", "of 2 is"),
        (listed("a", "a"), "char", "the token a is in its list twice"),
        (listed("a"), "whisper_en", "token_type is whisper_en; tokens can be taken over from"),
        (listed("a"), "bpe", r"those of none/bpe\.model, which is not there; .* --bpe_model"),
    ],
)
def test_lists_of_another_kind(tokens, kind, message, tmp_path):
    with pytest.raises(CheckpointError, match=message):
        save_espnet_tokens(tokens, kind, tmp_path.relative_to(tmp_path) / "none/bpe.model",
                           tmp_path / "out", "x")  # fmt: skip
