"""mBART-50's tokens against Hugging Face's tokenizer of the same pieces."""

from __future__ import annotations

import pytest
import sentencepiece
from oracles.mbart import SENTENCES, VOCAB_SIZE, their_ids, train_pieces

from espnet_av.data.mbart_tokens import LANGUAGES, save_mbart_tokens
from espnet_av.data.sentencepiece_model import with_symbols
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import CheckpointError, ConfigError


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    save_mbart_tokens(train_pieces(), folder, VOCAB_SIZE, "pieces")
    return Tokenizer.load(folder)


def theirs(lang):
    transformers = pytest.importorskip("transformers")
    processor = sentencepiece.SentencePieceProcessor(model_proto=train_pieces())
    vocab = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(len(processor))]
    return transformers.MBart50Tokenizer(vocab=vocab, src_lang=lang, tgt_lang=lang)


@pytest.mark.parametrize(("lang", "code"), [("de", "de_DE"), ("en", "en_XX"), ("sl", "sl_SI")])
def test_ids_are_theirs(tokens, lang, code):
    tokenizer = theirs(code)
    assert len(tokenizer) == VOCAB_SIZE
    for text in (*SENTENCES, "xylophone ☃ the cat", "the   cat"):
        expected = tokenizer(text_target=text)["input_ids"]
        ours = [*tokens.encode(text, lang), tokens.sos_eos_id]
        assert their_ids(ours) == expected, text


def test_texts_come_back_without_what_is_no_text(tokens):
    ids = tokens.encode("le chat est sur le tapis", "fr")
    odd = [tokens.tokens.index(name) for name in ("<s>", "<mask>", "<blank>", "<sos/eos>")]
    assert tokens.decode([*odd, *ids, *odd]) == "le chat est sur le tapis"
    assert tokens.encode("<mask> <s>", "fr")[1:].count(tokens.tokens.index("<mask>")) == 0


def test_all_languages_have_a_tag_and_others_none(tokens):
    assert len(tokens.lang_tags) == len(LANGUAGES) == 52
    assert list(tokens.lang_tags)[:3] == ["ar", "cs", "de"]
    assert tokens.vocab_size == VOCAB_SIZE
    for lang in ("ca", "cy", None):
        with pytest.raises(ConfigError, match=f"no tag for the language '{lang}'"):
            tokens.encode("the cat", lang)


def test_a_region_that_they_do_not_tell_apart_is_left_out(tokens):
    """As CoVoST-2 names Chinese and Swedish; Catalan and Welsh have no other name."""
    for lang, tag in (("zh-CN", "<zh>"), ("sv-SE", "<sv>"), ("zh-TW", "<zh>")):
        assert tokens.tokens[tokens.encode("the cat", lang)[0]] == tag
    with pytest.raises(ConfigError, match=r"no tag for the language 'ca-ES'.*those of mBART-50"):
        tokens.encode("the cat", "ca-ES")


def test_a_piece_with_the_name_of_a_tag_keeps_its_row(tmp_path):
    """As <tr>, which is HTML and Turkish."""
    pieces = with_symbols(train_pieces(), ["<tr>"], [])
    save_mbart_tokens(pieces, tmp_path, VOCAB_SIZE + 1, "pieces")
    tokens = Tokenizer.load(tmp_path)
    assert tokens.vocab_size == VOCAB_SIZE + 1 and len(tokens.lang_tags) == 52
    assert tokens.lang_tags["tr"] > tokens.lang_tags["ar"]
    ids = tokens.encode("the cat", "tr")
    assert tokens.tokens[ids[0]] == "<tr>" and tokens.decode(ids) == "the cat"


def test_pieces_of_another_model_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"has 36 pieces, .* 200 rows, for 146 pieces"):
        save_mbart_tokens(train_pieces(), tmp_path, 200, "pieces")
    with pytest.raises(CheckpointError, match="damaged, or no sentencepiece model"):
        save_mbart_tokens(b"\xff\xff nothing", tmp_path, VOCAB_SIZE, "pieces")
