"""Text to token ids and back: sentencepiece models under ESPnet's token order."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import sentencepiece

from espnet_av.atomic import atomic_write
from espnet_av.errors import ConfigError, TokenError
from espnet_av.text_file import read_labels

TokenType = Literal["char", "word", "unigram", "bpe"]

BLANK, UNKNOWN, SOS_EOS = "<blank>", "<unk>", "<sos/eos>"
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
_TAG = re.compile(r"<(?!unk>)[a-z]{2,3}(-[A-Za-z]+)?>")
# sentencepiece leaves out longer sentences without a word; no transcript comes near this.
_MAX_SENTENCE_BYTES = 100_000


@dataclass(frozen=True)
class Tokenizer:
    """A sentencepiece model whose ids follow `tokens.txt`: blank 0, unknown 1, last sos/eos."""

    model: bytes
    """The serialised sentencepiece model (`bpe.model`)."""
    tokens: tuple[str, ...]
    """Token of every id (`tokens.txt`)."""
    units: tuple[str, ...] | None = None
    """Frame label of every unit id (`units.txt`); None if the corpus has no alignments."""
    words: tuple[str, ...] | None = None
    """Words of the training text (`words.txt`); None in folders made before it was written."""

    blank_id = 0
    unk_id = 1

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "_processor", sentencepiece.SentencePieceProcessor(model_proto=self.model)
        )

    # The processor is no plain data: workers rebuild it from the model.
    def __reduce__(self) -> tuple[type[Tokenizer], tuple[object, ...]]:
        return Tokenizer, (self.model, self.tokens, self.units, self.words)

    @classmethod
    def load(cls, token_dir: str | Path) -> Tokenizer:
        """Read `bpe.model`, `tokens.txt` and, where they are, `units.txt` and `words.txt`.

        Raises:
            TokenError: a file is missing or damaged, or model and token list do not belong
                together.
        """
        token_dir = Path(token_dir)
        for name in ("bpe.model", "tokens.txt"):
            if not (token_dir / name).exists():
                msg = f"{token_dir / name}: no such file; run the tokens stage (8) or check "
                msg += "--token_dir"
                raise TokenError(msg)
        again = f"delete {token_dir}/.done and run the tokens stage (8) again, or copy it again"
        listed = _token_list((token_dir / "bpe.model").read_bytes(), token_dir / "bpe.model", again)
        tokens, units, words = (
            tuple(read_labels(token_dir / name, TokenError, again))
            if (token_dir / name).is_file()
            else None
            for name in ("tokens.txt", "units.txt", "words.txt")
        )
        if tokens != listed:
            msg = f"{token_dir}/tokens.txt: not the list of {token_dir}/bpe.model; {again}"
            raise TokenError(msg)
        return cls((token_dir / "bpe.model").read_bytes(), tokens, units, words)

    @property
    def vocab_size(self) -> int:
        """Number of ids, blank and sos/eos included."""
        return len(self.tokens)

    @property
    def sos_eos_id(self) -> int:
        """The id that starts and ends a sentence."""
        return len(self.tokens) - 1

    @cached_property
    def lang_tags(self) -> dict[str, int]:
        """Language -> id of its tag `<lang>`; empty: texts get none."""
        return {token[1:-1]: i for i, token in enumerate(self.tokens) if _TAG.fullmatch(token)}

    def encode(self, text: str, lang: str | None = None) -> list[int]:
        """Token ids of a transcript; what the model has not seen becomes `unk_id`.

        Args:
            text: what is said or its translation.
            lang: its language, whose tag comes first where the tokens have tags; that of the
                language without its region, if there is none with it.

        Raises:
            ConfigError: the tokens have tags, but none for this language.
        """
        ids = self._processor.encode(unicodedata.normalize("NFC", text))  # type: ignore[attr-defined]
        return self._tag(lang) + [index + 1 for index in ids]

    def decode(self, ids: Iterable[int]) -> str:
        """Transcript of token ids; what is part of no text, as blanks and tags, is left out."""
        pieces = [self.tokens[index] for index in ids if index not in self._outside]
        return " ".join("".join(pieces).replace(_SPACE, " ").split())

    @cached_property
    def _outside(self) -> set[int]:
        """Ids that are part of no text."""
        processor = self._processor  # type: ignore[attr-defined]
        # Piece n is id n + 1.
        control = {n + 1 for n in range(self.vocab_size - 2) if processor.is_control(n)}
        return {self.blank_id, self.sos_eos_id, *self.lang_tags.values(), *control}

    def _tag(self, lang: str | None) -> list[int]:
        if not self.lang_tags:
            return []
        # As zh-CN of corpora, where tokens of mBART have <zh>.
        for name in (lang or "", (lang or "").partition("-")[0]):
            if name in self.lang_tags:
                return [self.lang_tags[name]]
        msg = (
            f"no tag for the language '{lang}' in tokens.txt (it has "
            f"{', '.join(self.lang_tags)}); make the tokens of all languages, or without tags; "
            "where they are those of mBART-50, leave out what is to be written in this language"
        )
        raise ConfigError(msg)


def train_tokenizer(
    texts: Iterable[str],
    out_dir: str | Path,
    model_type: TokenType,
    vocab_size: int,
    tag_langs: Iterable[str] = (),
) -> Tokenizer:
    """Train a sentencepiece model and write `bpe.model` and `tokens.txt` to `out_dir`.

    Args:
        texts: transcripts; the same texts in the same order always give the same model.
        out_dir: folder to write to.
        model_type: `char` and `word` take every character or word of the texts, whatever
            `vocab_size` is.
        vocab_size: pieces of `unigram` and `bpe`, `<unk>` and tags included; blank and sos/eos
            come on top.
        tag_langs: languages whose tag `encode` puts in front of a text; none: no tags.

    Raises:
        ConfigError: there is no text, or `vocab_size` does not suit it (the limit is named).
    """
    sentences = [unicodedata.normalize("NFC", text) for text in texts]
    if not any(sentence.strip() for sentence in sentences):
        msg = "no transcript to train a tokenizer on; check that the training set has a text file"
        raise ConfigError(msg)
    tags = [f"<{lang}>" for lang in sorted(set(tag_langs))]
    return write_tokenizer(_train_model(sentences, model_type, vocab_size, tags), out_dir)


def write_tokenizer(model: bytes, out_dir: str | Path) -> Tokenizer:
    """Write a sentencepiece model as `bpe.model` and its `tokens.txt` to `out_dir`.

    Args:
        model: its piece 0 is <unk>, and every piece is a token.
        out_dir: folder to write to.
    """
    tokens = _token_list(model, Path(out_dir) / "bpe.model", "give a whole one")
    tokenizer = Tokenizer(model, tokens)
    with atomic_write(Path(out_dir) / "bpe.model", "wb") as file:
        file.write(tokenizer.model)
    write_lines(Path(out_dir) / "tokens.txt", tokenizer.tokens)
    return tokenizer


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write one label a line, atomically; the id of a label is its line number from 0."""
    with atomic_write(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)


def _token_list(model: bytes, where: Path, cure: str) -> tuple[str, ...]:
    """Tokens of a model.

    Raises:
        TokenError: it is damaged, or none.
    """
    try:
        if not model:
            raise RuntimeError  # sentencepiece takes nothing for a model to come
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        msg = f"{where}: damaged, or no sentencepiece model ({len(model)} bytes); {cure}"
        raise TokenError(msg) from error
    pieces = [processor.id_to_piece(index) for index in range(1, processor.get_piece_size())]
    return (BLANK, UNKNOWN, *pieces, SOS_EOS)


def _train_model(
    sentences: Sequence[str], model_type: TokenType, vocab_size: int, tags: Sequence[str]
) -> bytes:
    stream = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=stream,
            model_type=model_type,
            vocab_size=max(vocab_size, len(tags) + 1),
            use_all_vocab=model_type in ("char", "word"),
            character_coverage=1.0,
            normalization_rule_name="identity",
            user_defined_symbols=list(tags),
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            max_sentence_length=_MAX_SENTENCE_BYTES,
            num_threads=1,  # the result does not depend on the machine
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _vocab_error(error, model_type, vocab_size) from error
    return stream.getvalue()


def _vocab_error(error: RuntimeError, model_type: str, vocab_size: int) -> ConfigError:
    text = str(error)
    if limit := re.search(r"too high .* value <= (\d+)", text):
        cure = f"this text supports at most {limit[1]} {model_type} pieces; lower --nbpe to that"
    elif limit := re.search(r"required_chars\. \d+ vs (\d+)", text):
        cure = f"this text needs at least {limit[1]}, one for every character; raise --nbpe to that"
    else:
        cure = f"sentencepiece says: {text}"
    return ConfigError(f"a vocabulary of {vocab_size} does not suit the training text: {cure}")
