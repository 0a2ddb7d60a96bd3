"""Pieces of texts in the shape of mBART-50: its sentencepiece model, its tags of languages."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sentencepiece

from espnet_av import hf
from espnet_av.data.mbart_tokens import LANGUAGES
from espnet_av.errors import ConfigError

PIECES = "sentencepiece.bpe.model"


def train_pieces(texts: Iterable[str], num_pieces: int) -> bytes:
    """A sentencepiece model as mBART's: <unk>, <s>, </s> first.

    Raises:
        ConfigError: the texts do not suit so many pieces.
    """
    stream = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=stream,
            vocab_size=num_pieces,
            character_coverage=1.0,
            hard_vocab_limit=False,
            minloglevel=2,
            num_threads=1,
        )
    except RuntimeError as error:
        msg = f"num_pieces: {num_pieces} does not suit these texts; sentencepiece says: {error}"
        raise ConfigError(msg) from error
    return stream.getvalue()


def save_tokenizer(model: bytes, folder: Path) -> Any:
    """Write the model and a tokenizer of Hugging Face over it; returns the tokenizer."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    ids = range(processor.get_piece_size())
    vocab = [(processor.id_to_piece(i), processor.get_score(i)) for i in ids]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PIECES).write_bytes(model)
    tokenizer = hf.MBart50Tokenizer(vocab=vocab, src_lang="en_XX", tgt_lang="en_XX")
    tokenizer.save_pretrained(folder)
    return tokenizer


def code_of(lang: str, used_as: dict[str, str] | None = None) -> str:
    """Code of a language in mBART-50: `de` -> `de_DE`, `zh-CN` -> `zh_CN`.

    Args:
        lang: as data dirs name it; a region that mBART has not is left out.
        used_as: languages that it does not know -> one that it does, whose code they get.

    Raises:
        ConfigError: it has no code for it.
    """
    told = (used_as or {}).get(lang, lang)
    exact, general = told.replace("-", "_"), told.partition("-")[0]
    for code in LANGUAGES:
        if code == exact or code.partition("_")[0] == general:
            return code
    known = ", ".join(sorted(code.partition("_")[0] for code in LANGUAGES))
    msg = (
        f"'{told}' has no code in mBART-50, which knows {known}; name the language that it is "
        f"to be taken for, as --used_as {lang}=es, or leave its sets out"
    )
    raise ConfigError(msg)
