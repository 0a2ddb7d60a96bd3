"""Europarl-ST as it lies on disk, and the faults of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import put, report, wav
from corpora_fixtures.translations import build_europarl_st

from espnet_av.corpora.europarl_st import prepare_europarl_st
from espnet_av.data.combination import combine
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.dump.twins import Twins
from espnet_av.errors import DataDirError, DroppedTooManyError

SPEECH = "europarl_en.20081119.4.3-04{}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_europarl_st(tmp_path / "v1.1")


def test_a_whole_copy(root: Path, tmp_path: Path) -> None:
    counts = prepare_europarl_st(root.parent, tmp_path / "data", num_jobs=1)
    pairs = ("en_de", "en_fr", "fr_en")
    assert counts == {f"{s}_{pair}": 3 for pair in pairs for s in ("train", "valid", "test")}
    test = read_data_dir(tmp_path / "data/test_en_fr")
    utt_id = f"{SPEECH.format(3)}-0000500-0000900-fr"
    assert test.get("text.fr", utt_id) == "Line 1 in fr."
    assert test.get("text", utt_id) == "Line 1 in en."
    assert test.recording(utt_id) == (SPEECH.format(3), 0.5, 0.9)
    assert test.get("utt2spk", utt_id) == SPEECH.format(3)
    assert report(tmp_path / "data") == []
    noisy = prepare_europarl_st(root, tmp_path / "noisy", pairs=["fr_en"], noisy=True, num_jobs=1)
    assert noisy["train-noisy_fr_en"] == 3


def test_targets_of_one_speech_are_twins(root: Path, tmp_path: Path) -> None:
    prepare_europarl_st(root, tmp_path / "data", num_jobs=1)
    sources = [read_data_dir(tmp_path / f"data/test_en_{lang}") for lang in ("de", "fr")]
    both = write_data_dir(tmp_path / "both", *combine(sources))
    assert len(both.tables["wav.scp"]) == 1 and len(both.utt_ids) == 6
    twins = Twins(both)
    befores = [twins.before(utt_id) for utt_id in both.utt_ids]
    assert befores == [None, both.utt_ids[0], None, both.utt_ids[2], None, both.utt_ids[4]]


def test_sound_that_was_converted_is_read(root: Path, tmp_path: Path) -> None:
    sound = put(root / "en/audios/en.20081119.4.3-043.wav", wav(1.2))
    sound.with_suffix(".m4a").unlink()
    prepare_europarl_st(root, tmp_path / "data", pairs=["en_de"], num_jobs=1)
    wavs = read_data_dir(tmp_path / "data/test_en_de").tables["wav.scp"]
    assert list(wavs.values()) == [str(sound)]


def test_missing_sound(root: Path, tmp_path: Path) -> None:
    (root / "en/audios/en.20081119.4.3-043.m4a").unlink()
    with pytest.raises(DroppedTooManyError, match=r"missing 3.*4\.3-043\.m4a: no such file"):
        prepare_europarl_st(root, tmp_path / "data", pairs=["en_de"], num_jobs=1)
    to_fetch = (tmp_path / "data/to_fetch.txt").read_text().splitlines()
    assert to_fetch == [str(root / "en/audios/en.20081119.4.3-043.m4a")]
    for path in (root / "en/audios").iterdir():
        path.unlink()
    (root / "en/audios").rmdir()
    with pytest.raises(DataDirError, match=r"en/audios: no such folder.*no sound.*--pairs"):
        prepare_europarl_st(root, tmp_path / "data", num_jobs=1)
    counts = prepare_europarl_st(root, tmp_path / "data", pairs=["fr_en"], num_jobs=1)
    assert counts["test_fr_en"] == 3


def test_faults_of_single_segments(root: Path, tmp_path: Path) -> None:
    folder = root / "en/de/test"
    speech = "en.20081119.4.3-043"
    put(
        folder / "segments.lst",
        f"{speech}.m4a 0.0 0.4\n{speech} 0.4 0.4\n{speech} 0.2\n{speech} 0.5 x\n"
        f"{speech} 5.0 6.0\n{speech} 0.5 0.9\n",
    )
    for lang in ("en", "de"):
        put(folder / f"segments.{lang}", "a\nb\nc\nd\ne\n \n")
    counts = prepare_europarl_st(
        root, tmp_path / "data", pairs=["en_de"], max_missing_ratio=0.5, num_jobs=1
    )
    assert counts["test_en_de"] == 1
    assert sorted(report(tmp_path / "data")) == [
        (f"{SPEECH.format(3)}-0000500-0000900-de", "no_translation", "dropped"),
        (f"{SPEECH.format(3)}-0005000-0006000-de", "beyond_end", "dropped"),
        ("europarl_en_de_test-2", "bad_segment", "dropped"),
        ("europarl_en_de_test-3", "bad_segment", "dropped"),
        ("europarl_en_de_test-4", "bad_segment", "dropped"),
    ]


def test_bad_copies_are_named(root: Path, tmp_path: Path) -> None:
    put(root / "en/de/dev/segments.de", "one\ntwo\n")
    with pytest.raises(DataDirError, match=r"segments\.de: 2 lines, but segments\.lst .* has 3"):
        prepare_europarl_st(root, tmp_path / "data", num_jobs=1)
    with pytest.raises(DataDirError, match="unknown key 'en_it'"):
        prepare_europarl_st(root, tmp_path / "data", pairs=["en_it"])
    with pytest.raises(DataDirError, match=r"no pair of languages found.*EUROPARL_ST="):
        prepare_europarl_st(tmp_path / "no", tmp_path / "data")
