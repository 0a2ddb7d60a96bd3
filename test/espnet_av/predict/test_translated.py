"""Translations of texts: folders that are scored as those of a translator of speech."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from oracles.decoded import write_condition

from espnet_av.bin import score as score_bin
from espnet_av.bin import translate as translate_bin
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.table import read_table
from espnet_av.errors import DataDirError
from espnet_av.predict.translated import translate_set
from espnet_av.search.decode_config import DecodeConfig

SAID = {"u0": "le chien voit", "u1": "der hund sieht", "u2": "le chat voit"}
TOLD = {"u0": "the dog sees it now", "u1": "the dog sees it now", "u2": "the cat sees it now"}
LANGS = {"u0": "fr", "u1": "de", "u2": "fr"}
CONFIG = DecodeConfig(method="attention")


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    tables = {
        "wav.scp": {u: f"{u}.wav" for u in SAID},
        "utt2spk": dict.fromkeys(SAID, "s"),
        "utt2num_samples": dict.fromkeys(SAID, "16000"),
        "utt2lang": LANGS,
        "text": SAID,
        "text.en": TOLD,
    }
    write_data_dir(tmp_path / "dump/test", tables)
    return tmp_path / "dump/test"


def told_by(tmp_path: Path) -> dict[str, Any]:
    return {"model": tmp_path / "mbart", "num_parameters": 5, "used_as": {}, "device": "cpu"}


class Dictionary:
    """A translator that knows two words, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __call__(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        self.asked.append((source, len(texts)))
        assert target == "en"
        return ["the cat sees it now" if "chat" in t else "the dog sees it now" for t in texts]


def test_transcripts_are_translated_by_language_and_scored(dump: Path, tmp_path: Path) -> None:
    out, translate = tmp_path / "exp/ceiling/bleu", Dictionary()
    made = translate_set(dump, None, out, translate, "en", CONFIG, told_by(tmp_path))
    assert made == [out / "test/A_clean"] and translate.asked == [("de", 1), ("fr", 2)]
    assert read_table(made[0] / "text") == TOLD and read_table(made[0] / "ref.source") == SAID
    info = json.loads((made[0] / "decode.json").read_text())
    assert info["translated_from"] == "transcripts" and info["audio_sec"] == 3.0
    again = translate_set(dump, None, out, translate, "en", CONFIG, told_by(tmp_path))
    assert again == [] and len(translate.asked) == 2, "what is done is kept"
    (tmp_path / "expected.yaml").write_text("scoring: {metric: bleu}\n")
    assert score_bin.main(["--expected", str(tmp_path / "expected.yaml"), str(out)]) == 0
    scores = json.loads((out / "scores.json").read_text())
    assert scores["conditions"][0]["bleu"]["rate"] == 100.0
    assert set(scores["conditions"][0]["by_lang"]) == {"fr", "de"}


def test_what_was_recognised_is_translated_in_every_condition(dump: Path, tmp_path: Path) -> None:
    written = {"u0": (SAID["u0"], "le chat voit"), "u1": (SAID["u1"], ""), "u2": ("le", "le")}
    results = tmp_path / "exp/asr/words"
    for mode, noise in (("A", "clean"), ("AV", "babble:0")):
        write_condition(results, mode, noise, 0.0, texts=written)
    out = tmp_path / "exp/cascade/bleu"
    made = translate_set(dump, results, out, Dictionary(), "en", CONFIG, told_by(tmp_path))
    assert [folder.name for folder in made] == ["AV_babble_0dB", "A_clean"]
    info = json.loads((made[0] / "decode.json").read_text())
    assert (info["mode"], info["noise"]) == ("AV", "babble:0")
    assert info["num_parameters"] > 5, "both models count"
    assert read_table(made[1] / "text")["u0"] == "the cat sees it now"


def test_what_is_missing_is_named(dump: Path, tmp_path: Path) -> None:
    out, told = tmp_path / "exp/c/bleu", told_by(tmp_path)
    with pytest.raises(DataDirError, match=r"words/test: no decoded condition; run the decode"):
        translate_set(dump, tmp_path / "words", out, Dictionary(), "en", CONFIG, told)
    write_condition(tmp_path / "words", "A", "clean", 0.0)
    (tmp_path / "words/test/A_clean/.done").unlink()
    with pytest.raises(DataDirError, match="decoding did not finish"):
        translate_set(dump, tmp_path / "words", out, Dictionary(), "en", CONFIG, told)
    with pytest.raises(DataDirError, match=r"text\.de: no such file, but translation needs it"):
        translate_set(dump, None, out, Dictionary(), "de", CONFIG, told)
    (dump / "text").unlink()
    with pytest.raises(DataDirError, match=r"text: no such file, but its sentences are trans"):
        translate_set(dump, None, out, Dictionary(), "en", CONFIG, told)


@pytest.mark.parametrize("word", ["ca", "ca=", "=es", "a=b=c"])
def test_languages_that_are_used_as_others(word: str, tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("method: attention\n")
    arguments = ["--config", str(tmp_path / "d.yaml"), "--model", "m", "--target_lang", "en"]
    with pytest.raises(SystemExit, match="expected <language>=<language>"):
        translate_bin.main([*arguments, "--used_as", word, "--sets", "x", "--", "out"])
