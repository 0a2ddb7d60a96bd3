"""LibriSpeech as it lies on disk, and the faults of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, put, report, wav
from corpora_fixtures.recognition import LIBRISPEECH, build_librispeech

from espnet_av.corpora.librispeech import prepare_librispeech
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError


def test_a_whole_copy(tmp_path: Path) -> None:
    root = build_librispeech(tmp_path / "root")
    counts = prepare_librispeech(root, tmp_path / "data", num_jobs=1)
    sums = {"train_460": 4, "train_960": 6, "valid": 4}
    assert counts == {name.replace("-", "_"): 2 for name in LIBRISPEECH} | sums
    data = read_data_dir(tmp_path / "data/train_960")
    assert data.utt_ids[:2] == ["1000-134686-0000", "1000-134686-0001"]
    assert data.get("text", "1001-134686-0001") == "HE SAID 'TWAS NUMBER 1"
    assert (data.get("utt2spk", "1001-134686-0001"), data.get("utt2lang", data.utt_ids[0])) == (
        "1001", "en")  # fmt: skip
    assert set(data.tables) == {"text", "utt2spk", "utt2lang", "wav.scp"}
    assert report(tmp_path / "data") == []
    rows = coverage(tmp_path / "data")
    assert rows["train-clean-100", "en"]["published_clips"] == "28539"
    assert rows["all", "all"]["published_clips"] == "292367"


def test_some_folders_in_lower_case(tmp_path: Path) -> None:
    root = build_librispeech(tmp_path / "root", ["train-clean-100", "dev-clean"]) / "LibriSpeech"
    counts = prepare_librispeech(root, tmp_path / "data", lowercase=True, num_jobs=1)
    assert counts == {"train_clean_100": 2, "dev_clean": 2}
    texts = read_data_dir(tmp_path / "data/dev_clean").tables["text"]
    assert texts["1001-134686-0000"] == "he said 'twas number 0"


def test_sound_that_was_converted_is_read(tmp_path: Path) -> None:
    root = build_librispeech(tmp_path / "root", ["dev-clean"])
    for path in root.rglob("*.flac"):
        path.unlink()
        put(path.with_suffix(".wav"), wav())
    assert prepare_librispeech(root, tmp_path / "data", num_jobs=1) == {"dev_clean": 2}


def test_a_tab_or_more_spaces_after_the_id(tmp_path: Path) -> None:
    root = build_librispeech(tmp_path / "root", ["dev-clean"])
    place = root / "LibriSpeech/dev-clean/1000/134686"
    put(place / "1000-134686.trans.txt", "1000-134686-0000\tA  B\r\n1000-134686-0001  C\t\r\n")
    assert prepare_librispeech(root, tmp_path / "data", num_jobs=1) == {"dev_clean": 2}
    texts = read_data_dir(tmp_path / "data/dev_clean").tables["text"]
    assert list(texts.values()) == ["A B", "C"]


def test_every_fault_is_named(tmp_path: Path) -> None:
    root = build_librispeech(tmp_path / "root", ["test-clean", "test-other"])
    clean = root / "LibriSpeech/test-clean/1000/134686"
    (clean / "1000-134686-0000.flac").unlink()
    put(clean / "1000-134686-0001.flac", b"")
    other = root / "LibriSpeech/test-other/1001/134686"
    put(other / "1001-134686.trans.txt", "1001-134686-0000\n\n1001-134686-0009 GONE\n")
    with pytest.raises(DroppedTooManyError, match="missing 2, no_text 2, unreadable 1"):
        prepare_librispeech(root, tmp_path / "data", num_jobs=1)
    assert sorted(report(tmp_path / "data")) == [
        ("1000-134686-0000", "missing", "dropped"),
        ("1000-134686-0001", "unreadable", "dropped"),
        ("1001-134686-0000", "no_text", "dropped"),
        ("1001-134686-0001", "no_text", "dropped"),
        ("1001-134686-0009", "missing", "dropped"),
    ]
    with pytest.raises(DataDirError, match=r"none of the folders train-clean-100.*LIBRISPEECH="):
        prepare_librispeech(tmp_path / "nowhere", tmp_path / "data")
