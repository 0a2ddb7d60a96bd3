"""mTEDx: transcripts and translations of the same talks."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import put, report, wav
from corpora_fixtures.translations import MTEDX_SPLITS, build_talks

from espnet_av.corpora.mtedx import prepare_mtedx
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_talks(tmp_path / "mtedx", ("es-es", "es-en"), MTEDX_SPLITS, ".flac")


def test_a_whole_copy(root: Path, tmp_path: Path) -> None:
    counts = prepare_mtedx(root, tmp_path / "data", num_jobs=1)
    sizes = {"train": 6, "valid": 3, "test": 3}
    assert counts == {f"{s}_{pair}": n for pair in ("es_en", "es") for s, n in sizes.items()}
    translated = read_data_dir(tmp_path / "data/train_es_en")
    utt_id = "mtedx_-zZ_2-0000000-0000400"
    assert translated.get("text.en", f"{utt_id}-en") == "Line 3 in en."
    assert translated.get("utt2target", f"{utt_id}-en") == "en"
    said = read_data_dir(tmp_path / "data/train_es")
    assert said.get("text", utt_id) == "Line 3 in es." and said.get("utt2lang", utt_id) == "es"
    assert set(said.tables) == {"text", "utt2spk", "utt2lang", "wav.scp", "segments"}
    assert said.tables["wav.scp"]["mtedx_-zZ_2-es_es"].endswith("es-es/data/train/wav/-zZ_2.flac")
    assert report(tmp_path / "data") == []


def test_sound_that_was_converted_is_read(root: Path, tmp_path: Path) -> None:
    for path in (root / "es-en/data/test/wav").iterdir():
        path.unlink()
        sound = put(path.with_suffix(".wav"), wav(1.2))
    assert prepare_mtedx(root, tmp_path / "data", pairs=["es_en"])["test_es_en"] == 3
    test = read_data_dir(tmp_path / "data/test_es_en")
    assert list(test.tables["wav.scp"].values()) == [str(sound)]


def test_a_sentence_without_text_and_a_copy_of_something_else(root: Path, tmp_path: Path) -> None:
    put(root / "es-es/data/test/txt/test.es", "a\n \nc\n")
    counts = prepare_mtedx(root, tmp_path / "data", pairs=["es_es"], max_missing_ratio=0.1)
    assert counts == {"train_es": 6, "valid_es": 3, "test_es": 2}
    assert report(tmp_path / "data") == [("mtedx_bbb4-0000500-0000900", "no_text", "dropped")]
    with pytest.raises(DataDirError, match=r"set MTEDX= in db\.sh"):
        prepare_mtedx(tmp_path, tmp_path / "data")
