"""Item sets of ZeroSpeech: sound as utterances, items as every ABX tool reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import put, report, wav
from corpora_fixtures.item_sets import HEAD, build_zerospeech2017, build_zerospeech2021, items

from espnet_av.corpora.zerospeech import prepare_zerospeech
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError


def test_the_phonetic_sets_of_2021(tmp_path: Path) -> None:
    root = build_zerospeech2021(tmp_path / "zs")
    counts = prepare_zerospeech(root, tmp_path / "data")
    assert counts == {"dev-clean": 3, "test-other": 3}
    data = read_data_dir(tmp_path / "data/dev-clean")
    assert data.get("utt2spk", "84-121123-0001") == "84" and data.get("utt2lang", "84-121123-0001")
    copied = (tmp_path / "data/dev-clean/items").read_text()
    assert copied == (root / "phonetic/dev-clean/dev-clean.item").read_text()
    assert report(tmp_path / "data") == []


def test_sets_of_the_kind_of_2017_have_their_languages(tmp_path: Path) -> None:
    root = build_zerospeech2017(tmp_path / "zs")
    counts = prepare_zerospeech(root, tmp_path / "data")
    assert counts == {
        "english_10s": 4, "english_1s": 4, "french_10s": 4, "french_1s": 4
    }  # fmt: skip
    french = read_data_dir(tmp_path / "data/french_1s")
    assert set(french.tables["utt2lang"].values()) == {"fr"}
    assert set(french.tables["utt2spk"].values()) == {"s000", "s001"}


def test_items_of_librispeech_with_its_sound_elsewhere(tmp_path: Path) -> None:
    files = ["84-121123-0000", "174-50561-0000"]
    for kind in ("triphone", "phoneme"):
        put(tmp_path / f"ABX_data/{kind}-dev-clean.item", items(files))
    for file in files:
        put(tmp_path / f"LibriSpeech/dev-clean/{file.split('-')[0]}/1/{file}.flac", wav())
    counts = prepare_zerospeech(
        tmp_path / "ABX_data", tmp_path / "data", sound_dir=tmp_path / "LibriSpeech"
    )
    assert counts == {"phoneme-dev-clean": 2, "triphone-dev-clean": 2}


def test_items_of_missing_sound_are_left_out(tmp_path: Path) -> None:
    root = build_zerospeech2021(tmp_path / "zs", ["dev-clean"])
    (root / "phonetic/dev-clean/84-121123-0000.wav").unlink()
    with pytest.raises(DroppedTooManyError, match=r"missing 1.*84-121123-0000"):
        prepare_zerospeech(root, tmp_path / "data")
    counts = prepare_zerospeech(root, tmp_path / "data", max_missing_ratio=0.5)
    assert counts == {"dev-clean": 2}
    lines = (tmp_path / "data/dev-clean/items").read_text().splitlines()
    assert lines[0] == HEAD and len(lines) == 9 and "84-121123-0000" not in "".join(lines)


def test_bad_item_files_are_named(tmp_path: Path) -> None:
    for content, told in (
        ("", "x.item:1: '', expected '#file onset"),
        (f"{HEAD}\na 0.1 0.2 IH L NG\n", "x.item:2: 6 columns, the first line has 7: 'a 0.1"),
        ("file onset\n", "is it an item file"),
    ):
        put(tmp_path / "zs/x.item", content)
        with pytest.raises(DataDirError, match=told):
            prepare_zerospeech(tmp_path / "zs", tmp_path / "data")
    put(tmp_path / "zr/test/french/1s/within.abx", b"\x89HDF")
    with pytest.raises(DataDirError, match=r"within.abx is a task of ABXpy.*set ZEROSPEECH="):
        prepare_zerospeech(tmp_path / "zr", tmp_path / "data")
    two = f"{HEAD}\na 0.1 0.2 IH L NG s1\na 0.1 0.2 IH L NG s2\n"
    put(tmp_path / "zs/x.item", two)
    put(tmp_path / "zs/a.wav", wav())
    assert prepare_zerospeech(tmp_path / "zs", tmp_path / "data") == {"x": 1}
    assert report(tmp_path / "data") == [("a", "two_speakers", "kept, of the first")]
