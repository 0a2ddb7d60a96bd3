"""FLEURS as it lies on disk becomes data dirs of sound alone."""

import shutil

import pytest
from corpora_fixtures.clips import put, report
from corpora_fixtures.faces_and_voices import FLEURS_TEXTS, build_fleurs

from espnet_av.corpora.fleurs import CODES, prepare_fleurs
from espnet_av.corpora.languages import LANGUAGES
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError


def test_all_languages_of_muavic(tmp_path):
    assert set(CODES) == set(LANGUAGES)
    root = build_fleurs(tmp_path / "fleurs", list(CODES.values()))
    counts = prepare_fleurs(root, tmp_path / "data")
    sets = ("train", "valid", "test")
    assert counts == {f"{name}_{lang}": 3 for lang in LANGUAGES for name in sets}
    test = read_data_dir(tmp_path / "data" / "test_es")
    assert test.utt_ids == [f"fleurs_es_test1000{n}" for n in range(3)]
    assert test.get("text", "fleurs_es_test10002") == FLEURS_TEXTS[1]
    assert test.get("utt2lang", "fleurs_es_test10002") == "es"
    assert "video.scp" not in test.tables
    assert report(tmp_path / "data") == []


def test_the_corpus_own_normalisation(tmp_path):
    root = build_fleurs(tmp_path / "fleurs", ["en_us"])
    prepare_fleurs(root / "data", tmp_path / "data", languages=["en"], text="normalised")
    test = read_data_dir(tmp_path / "data" / "test_en")
    assert test.get("text", "fleurs_en_test10000") == "however, due to the slow channels"


def test_translations_are_the_sentences_of_the_same_number(tmp_path):
    root = build_fleurs(tmp_path / "fleurs", ["en_us", "es_419"])
    spanish = root / "data" / "es_419" / "test.tsv"
    spanish.write_text(
        spanish.read_text().replace("However, due", "Sin embargo").replace("1\t", "7\t")
    )
    options = {"languages": ["es"], "splits": ["test"], "translate_to": "en"}
    counts = prepare_fleurs(root, tmp_path / "data", **options, max_missing_ratio=0.5)
    assert counts == {"test_es": 2}
    test = read_data_dir(tmp_path / "data" / "test_es")
    assert set(test.tables["text.en"].values()) == {FLEURS_TEXTS[0]}
    assert all(text.startswith("Sin embargo") for text in test.tables["text"].values())
    assert report(tmp_path / "data") == [("fleurs_es_test10002", "no_translation", "dropped")]


def test_sound_that_is_still_packed_and_a_missing_list(tmp_path):
    root = build_fleurs(tmp_path / "fleurs", ["en_us"])
    folder = root / "data" / "en_us"
    shutil.rmtree(folder / "audio" / "dev")
    put(folder / "audio" / "dev.tar.gz", b"")
    with pytest.raises(DataDirError, match=r"dev\.tar\.gz: still packed; run: tar -xzf"):
        prepare_fleurs(root, tmp_path / "data", languages=["en"])
    (folder / "train.tsv").write_text("1\tx.wav\tonly three\n")
    with pytest.raises(DataDirError, match=r"train\.tsv:1: 3 columns, expected 7"):
        prepare_fleurs(root, tmp_path / "data", languages=["en"])
    with pytest.raises(DataDirError, match=r"de_de/train\.tsv: no such file"):
        prepare_fleurs(root, tmp_path / "data", languages=["de"])
