"""Text as it is read, in one language or in each utterance's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from espnet_av.data.readers.text import TextReader
from espnet_av.data.tokenizer import Tokenizer, train_tokenizer
from espnet_av.errors import ConfigError, DataDirError

TABLES = {
    "utt2spk": {"u-de": "s", "u-en": "s", "u-fr": "s"},
    "utt2lang": dict.fromkeys(("u-de", "u-en", "u-fr"), "en"),
    "utt2target": {"u-de": "de", "u-en": "en", "u-fr": "fr"},
    "text": dict.fromkeys(("u-de", "u-en", "u-fr"), "abc"),
    "text.de": {"u-de": "cab"},
    "text.fr": {"u-en": "bac"},
    "utt2num_frames": dict.fromkeys(("u-de", "u-en", "u-fr"), "9"),
}


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    train_tokenizer(["abc"], tmp_path / "t", "char", 1)
    return Tokenizer.load(tmp_path / "t")


def written(reader: TextReader, tokenizer: Tokenizer, draw: Any) -> dict[str, str | None]:
    found = {utt_id: reader.read(utt_id, draw) for utt_id in TABLES["utt2spk"]}
    return {u: None if ids is None else tokenizer.decode(ids.tolist()) for u, ids in found.items()}


def test_each_utterance_is_written_in_its_language(
    tokenizer: Tokenizer, make_request: Any, make_draw: Any
) -> None:
    reader = TextReader(make_request(TABLES, tokenizer=tokenizer, train=True, partial=True))
    reader.check()
    assert [tuple(drop) for drop in reader.lacking(())] == [("u-fr", "not in text.<target>", "")]
    assert written(reader, tokenizer, make_draw()) == {"u-de": "cab", "u-en": "abc", "u-fr": None}


def test_one_language_for_all(tokenizer: Tokenizer, make_request: Any, make_draw: Any) -> None:
    tables = {name: rows for name, rows in TABLES.items() if name != "utt2target"}
    config = replace(make_request(tables).config, target_lang="fr")
    reader = TextReader(make_request(tables, tokenizer=tokenizer, config=config, train=True))
    reader.check()
    assert [drop.utt_id for drop in reader.lacking({"u-de"})] == ["u-fr"]
    assert written(reader, tokenizer, make_draw()) == {"u-de": None, "u-en": "bac", "u-fr": None}


def test_no_tokenizer_no_text_and_no_complaint(make_request: Any, make_draw: Any) -> None:
    reader = TextReader(make_request({"utt2spk": {"u": "s"}}, train=True))
    reader.check()
    assert reader.lacking(()) == []
    assert reader.read("u", make_draw()) is None


def test_what_cannot_be_read_is_refused(tokenizer: Tokenizer, make_request: Any) -> None:
    with pytest.raises(DataDirError, match="text: no such file, but transcripts are needed"):
        TextReader(make_request({"utt2spk": {}}, tokenizer=tokenizer, train=True)).check()
    with pytest.raises(ConfigError, match="whose text would not fit"):
        TextReader(make_request(TABLES, tokenizer=tokenizer, max_frames=5)).check()


def test_long_texts_are_left_out_of_training(tokenizer: Tokenizer, make_request: Any) -> None:
    short = {**TABLES, "utt2num_frames": {"u-de": "9", "u-en": "2", "u-fr": "9"}}
    reader = TextReader(make_request(short, tokenizer=tokenizer, train=True))
    reasons = {drop.utt_id: drop.reason for drop in reader.lacking(())}
    assert reasons == {"u-fr": "not in text.<target>", "u-en": "text too long"}
