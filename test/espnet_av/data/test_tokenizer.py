from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espnet_av.data.tokenizer import Tokenizer, train_tokenizer
from espnet_av.errors import ConfigError, TokenError

SENTENCES = {
    "ar": "ضع الكرة الحمراء في المربع الأول",
    "de": "Größere Äpfel müssen süß schmecken",
    "el": "βάλε το μπλε κουτί στην άκρη",
    "en": "bin blue at f two now",
    "es": "el niño comió una piña mañana",
    "fr": "où est passé le garçon naïf",
    "it": "perché è così lì giù",
    "pt": "não há pão de açúcar amanhã",
    "ru": "ёлка стоит на моём столе",
}
TEXTS = [*SENTENCES.values()] * 4


@pytest.fixture(scope="module", params=["char", "word", "unigram", "bpe"])
def token_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(request.param)
    train_tokenizer(TEXTS, path, request.param, 100)
    return path


def test_round_trip_in_nine_languages(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    for language, sentence in SENTENCES.items():
        ids = tokenizer.encode(sentence)
        assert tokenizer.unk_id not in ids, language
        assert tokenizer.decode(ids) == sentence, language


def test_order_of_tokens_is_espnets(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    lines = (token_dir / "tokens.txt").read_text().splitlines()
    assert lines[:2] == ["<blank>", "<unk>"] and lines[-1] == "<sos/eos>"
    assert tokenizer.vocab_size == len(lines) == tokenizer.sos_eos_id + 1
    assert len(set(lines)) == len(lines)
    for sentence in TEXTS[:9]:
        assert all(1 < i < tokenizer.sos_eos_id for i in tokenizer.encode(sentence))


def test_the_same_texts_give_the_same_files(token_dir: Path, tmp_path: Path) -> None:
    train_tokenizer(TEXTS, tmp_path, token_dir.name.rstrip("0123456789"), 100)  # type: ignore[arg-type]
    for name in ("bpe.model", "tokens.txt"):
        assert (tmp_path / name).read_bytes() == (token_dir / name).read_bytes()


def test_subwords_have_the_size_asked_for(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    if token_dir.name.startswith(("unigram", "bpe")):
        assert tokenizer.vocab_size == 100 + 2
    else:
        words = {word for text in TEXTS for word in text.split()}
        characters = {character for text in TEXTS for character in text} - {" "}
        units = words if token_dir.name.startswith("word") else {*characters, "▁"}
        assert tokenizer.vocab_size == len(units) + 3


def test_unseen_characters_become_unk(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    ids = tokenizer.encode("漢")
    assert tokenizer.unk_id in ids and "<unk>" in tokenizer.decode(ids)


def test_decode_leaves_out_blank_and_sos_eos(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    ids = tokenizer.encode("bin blue at f two now")
    assert tokenizer.decode([0, *ids, 0, tokenizer.sos_eos_id]) == "bin blue at f two now"
    assert tokenizer.decode([]) == "" and tokenizer.encode("") == []


def test_decomposed_text_is_composed_first(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    composed = SENTENCES["es"]
    decomposed = "el nin\u0303o comio\u0301 una pin\u0303a man\u0303ana"
    assert decomposed != composed
    assert tokenizer.encode(decomposed) == tokenizer.encode(composed)


def test_it_survives_pickling(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    copy = pickle.loads(pickle.dumps(tokenizer))
    assert copy == tokenizer and copy.encode("bin") == tokenizer.encode("bin")


@given(text=st.text(alphabet="abc def", max_size=40))
def test_characters_round_trip_up_to_spaces(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tokenizer = CHARACTERS.get(None) or CHARACTERS.setdefault(
        None, train_tokenizer(["abc def"], tmp_path_factory.mktemp("chars"), "char", 1)
    )
    assert tokenizer.decode(tokenizer.encode(text)) == " ".join(text.split())


CHARACTERS: dict[None, Tokenizer] = {}


def test_too_large_a_vocabulary_names_the_largest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"5000 does not suit .* at most \d+ unigram pieces"):
        train_tokenizer(TEXTS, tmp_path, "unigram", 5000)
    with pytest.raises(ConfigError, match=r"at most (\d+) bpe pieces") as error:
        train_tokenizer(TEXTS, tmp_path, "bpe", 5000)
    largest = int(str(error.value).split("at most ")[1].split()[0])
    assert train_tokenizer(TEXTS, tmp_path, "bpe", largest).vocab_size == largest + 2


def test_too_small_a_vocabulary_names_the_smallest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vocabulary of 5 .* at least (\d+), one for every char"):
        train_tokenizer(TEXTS, tmp_path, "bpe", 5)
    assert not (tmp_path / "bpe.model").exists()


def test_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no transcript to train a tokenizer on"):
        train_tokenizer(["", " "], tmp_path, "char", 10)


def test_very_long_transcripts_count(tmp_path: Path) -> None:
    # sentencepiece's own default silently leaves out what is longer than 4192 bytes.
    tokenizer = train_tokenizer(["ab " * 2000 + "z", "ab"], tmp_path, "char", 10)
    assert "z" in tokenizer.tokens


def test_missing_and_mixed_up_folders_are_named(token_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bpe\.model: no such file; run the tokens stage"):
        Tokenizer.load(tmp_path)
    (tmp_path / "bpe.model").write_bytes((token_dir / "bpe.model").read_bytes())
    (tmp_path / "tokens.txt").write_text("<blank>\n<unk>\n<sos/eos>\n")
    with pytest.raises(ConfigError, match=r"tokens\.txt: not the list of"):
        Tokenizer.load(tmp_path)


def test_units_are_read_where_there_are_any(token_dir: Path) -> None:
    assert Tokenizer.load(token_dir).units is None
    (token_dir / "units.txt").write_text("a\nsil\n")
    assert Tokenizer.load(token_dir).units == ("a", "sil")
    (token_dir / "units.txt").unlink()


def test_language_tags_are_tokens_in_front(token_dir: Path, tmp_path: Path) -> None:
    kind = token_dir.name.rstrip("0123456789")
    tokenizer = train_tokenizer(TEXTS, tmp_path, kind, 110, SENTENCES)  # type: ignore[arg-type]
    loaded = Tokenizer.load(tmp_path)
    assert list(loaded.lang_tags) == sorted(SENTENCES)
    for lang, sentence in SENTENCES.items():
        ids = loaded.encode(sentence, lang)
        assert loaded.tokens[ids[0]] == f"<{lang}>"
        assert loaded.decode(ids) == sentence
        assert loaded.unk_id not in ids
    with pytest.raises(ConfigError, match=r"no tag for the language 'xx' in tokens\.txt"):
        tokenizer.encode("no", "xx")
    with pytest.raises(ConfigError, match="language 'None'"):
        tokenizer.encode("no")


def test_without_tags_the_language_changes_nothing(token_dir: Path) -> None:
    tokenizer = Tokenizer.load(token_dir)
    assert tokenizer.lang_tags == {}
    assert tokenizer.encode("bin blue", "en") == tokenizer.encode("bin blue")


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:-3],
    "cut in half": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "not UTF-8": lambda content: content[:9] + b"\xff" + content[10:],
    "garbage": lambda content: b"\x93garbage\n" * 9,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["bpe.model", "tokens.txt", "units.txt", "words.txt"])
def test_damaged_files_are_named_with_a_cure(tmp_path: Path, name: str, damage: str) -> None:
    train_tokenizer(["bin blue", "lay red"], tmp_path, "char", 0)
    for other in ("units.txt", "words.txt"):
        (tmp_path / other).write_text("silence\nlonger word\n", encoding="utf-8")
    Tokenizer.load(tmp_path)
    path = tmp_path / name
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(TokenError, match=rf"{path}.*; delete {tmp_path}/\.done and run the tokens"):
        Tokenizer.load(tmp_path)


def test_folders_in_the_place_of_files(tmp_path: Path) -> None:
    train_tokenizer(["bin blue"], tmp_path, "char", 0)
    (tmp_path / "tokens.txt").unlink()
    (tmp_path / "tokens.txt").mkdir()
    with pytest.raises(TokenError, match=r"tokens\.txt"):
        Tokenizer.load(tmp_path)
