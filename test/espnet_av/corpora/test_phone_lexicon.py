"""Words become phones: the first pronunciation, spoken noise where there is none, never twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.bin import prepare as prepare_bin
from espnet_av.bin import tokens as tokens_bin
from espnet_av.corpora.phone_lexicon import find_lexicons, prepare_phone_lexicon, read_lexicons
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import DataDirError, DroppedTooManyError

FIRST = "THE\tDH AH0\nTHE  DH IY0\nCAT K AE1 T\n"
OTHERS = "THE DH UH0\nTWAS T W AH1 Z\n\n"
TEXTS = {"u1": "the cat 'TWAS", "u2": "CAT"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two lexicons and a data dir."""
    folder = tmp_path / "lexicon"
    folder.mkdir()
    (folder / "librispeech-lexicon-allothers-g2p.txt").write_text(OTHERS, encoding="utf-8")
    (folder / "librispeech-lexicon-200k-g2p.txt").write_text(FIRST, encoding="utf-8")
    tables = {
        "utt2spk": dict.fromkeys(TEXTS, "s"),
        "wav.scp": dict.fromkeys(TEXTS, "a.wav"),
        "text": TEXTS,
    }
    write_data_dir(tmp_path / "data", tables)
    return tmp_path


def test_the_first_of_several_counts(place: Path) -> None:
    paths = find_lexicons(place / "lexicon")
    assert [path.name.split("-")[2] for path in paths] == ["200k", "allothers"]
    lexicon = read_lexicons(paths)
    assert lexicon["THE"] == ("DH", "AH0") and lexicon["TWAS"] == ("T", "W", "AH1", "Z")
    assert find_lexicons(paths[1]) == [paths[1]]


def test_unknown_words_are_spoken_noise_and_named(place: Path) -> None:
    with pytest.raises(DroppedTooManyError, match=r"1 of 4 words are in no lexicon .*'TWAS'"):
        prepare_phone_lexicon(place / "lexicon", place / "data")
    assert dict(read_data_dir(place / "data").tables["text"]) == TEXTS, "as it was"
    options = ["--max_missing_ratio", "0.3", str(place / "lexicon"), str(place / "data")]
    prepare_bin.main(["phone_lexicon", *options])
    data = read_data_dir(place / "data")
    assert dict(data.tables["text"]) == {"u1": "DH AH0 K AE1 T SPN", "u2": "K AE1 T"}
    assert "u1\t'TWAS" in (place / "data/phones_report.tsv").read_text(encoding="utf-8")
    with pytest.raises(DataDirError, match="has phones already, such as 'DH AH0 K AE1 T'"):
        prepare_phone_lexicon(place / "lexicon", place / "data", max_missing_ratio=1.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [("THE\n", r"a\.txt:1: expected '<word> <phone>...', got 'THE'"), (None, "no lexicon")],
)
def test_lexicons_that_are_none(place: Path, content: str | None, message: str) -> None:
    folder = place / "other"
    folder.mkdir()
    if content is not None:
        (folder / "a.txt").write_text(content, encoding="utf-8")
    with pytest.raises(DataDirError, match=message):
        prepare_phone_lexicon(folder, place / "data")


def test_sets_without_words(place: Path) -> None:
    (place / "data/text").unlink()
    with pytest.raises(DataDirError, match="text: no such file, but phones are those of its words"):
        prepare_phone_lexicon(place / "lexicon", place / "data")


def test_tokens_that_no_text_has(place: Path) -> None:
    prepare_phone_lexicon(place / "lexicon", place / "data", max_missing_ratio=1.0)
    options = ["--token_type", "word", "--also", "SIL", "SPN", "--", str(place / "data")]
    tokens_bin.main([*options, str(place / "tokens")])
    tokenizer = Tokenizer.load(place / "tokens")
    assert {"SIL", "SPN"} < {token.lstrip("\u2581") for token in tokenizer.tokens}
    # K AE1 T DH AH0, the two, and blank, unknown and end.
    assert tokenizer.vocab_size == 10
    words = (place / "tokens/words.txt").read_text(encoding="utf-8").split()
    assert "SIL" not in words and "DH" in words
