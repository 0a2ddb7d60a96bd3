"""Libri-Light: cut at pauses, hours drawn by speaker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpora_fixtures.books import build_librilight
from corpora_fixtures.clips import put, report

from espnet_av.corpora.librilight import prepare_librilight
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError

HOUR = 3600


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_librilight(tmp_path / "librilight")


def seconds(data) -> float:
    return sum(end - start for _, start, end in map(data.recording, data.utt_ids))


def test_a_whole_copy(root: Path, tmp_path: Path) -> None:
    counts = prepare_librilight(root, tmp_path / "data", min_sec=1.0)
    assert counts == {"train": 6, "valid": 2}
    train, valid = (read_data_dir(tmp_path / "data" / name) for name in counts)
    assert not set(train.tables["utt2spk"].values()) & set(valid.tables["utt2spk"].values())
    everyone = {**train.tables["segments"], **valid.tables["segments"]}
    name = "librilight_101-book_1_librivox_64kb_mp3_chapter_01"
    assert everyone[f"{name}-0000"] == f"{name} 0.000 3.000"
    assert everyone[f"{name}-0001"] == f"{name} 4.200 5.500"
    assert "text" not in train.tables and report(tmp_path / "data") == []


def test_hours_are_drawn_by_speaker_and_written_down(root: Path, tmp_path: Path) -> None:
    options = {"min_sec": 1.0, "valid_speakers": 0, "hours": 4.3 / HOUR}
    chosen = {}
    for seed in range(4):
        prepare_librilight(root, tmp_path / f"{seed}", seed=seed, **options)
        data = read_data_dir(tmp_path / f"{seed}/train")
        chosen[seed] = set(data.tables["utt2spk"].values())
        assert len(chosen[seed]) == 1 and seconds(data) == pytest.approx(4.3)
        lines = (tmp_path / f"{seed}/speakers.tsv").read_text().splitlines()
        assert f"seed {seed}" in lines[0] and lines[2].startswith(f"{min(chosen[seed])}\t2\t")
    assert len(set.union(*chosen.values())) > 1
    # The same again, also where another speaker is missing.
    gone = next(n for n in range(100, 104) if f"librilight_{n}" not in chosen[0])
    for path in (root / "small" / str(gone)).rglob("*.*"):
        path.unlink()
    prepare_librilight(root, tmp_path / "again", seed=0, **options)
    data = read_data_dir(tmp_path / "again/train")
    assert set(data.tables["utt2spk"].values()) == chosen[0]


def test_a_speaker_gives_no_more_than_allowed(root: Path, tmp_path: Path) -> None:
    limit = 1.0 / HOUR
    prepare_librilight(root, tmp_path / "d", min_sec=1.0, hours_per_speaker=limit, valid_speakers=0)
    data = read_data_dir(tmp_path / "d/train")
    assert len(data.utt_ids) == len(set(data.tables["utt2spk"].values())) == 4
    with pytest.raises(ConfigError, match=r"hours are there, 1 are asked for; ask for fewer"):
        prepare_librilight(root, tmp_path / "d", hours=1)


def test_bad_lists_of_speech_cost_their_recording(root: Path, tmp_path: Path) -> None:
    paths = sorted(root.rglob("*.json"))
    put(paths[0], '{"voice_activity": [[0, 2')
    put(paths[1], json.dumps({"voice_activity": [[2, 1]]}))
    put(paths[2], json.dumps({"speaker": "x"}))
    with pytest.raises(DroppedTooManyError, match=r"bad_json 3.*voice_activity"):
        prepare_librilight(root, tmp_path / "data")
    assert prepare_librilight(root, tmp_path / "data", max_missing_ratio=0.9) == {"train": 1}
    with pytest.raises(DataDirError, match="set LIBRILIGHT="):
        prepare_librilight(tmp_path / "none", tmp_path / "data")
    with pytest.raises(ConfigError, match="min_sec 5"):
        prepare_librilight(root, tmp_path / "data", min_sec=5.0, max_sec=5.0)


def test_the_hours_of_training_are_dealt_into_parts(root: Path, tmp_path: Path) -> None:
    counts = prepare_librilight(root, tmp_path / "d", min_sec=1.0, parts=2, valid_speakers=0)
    assert counts == {"train_a": 4, "train_b": 4}
    one, other = (read_data_dir(tmp_path / "d" / name) for name in counts)
    assert seconds(one) == pytest.approx(seconds(other))
    assert not set(one.tables["utt2spk"].values()) & set(other.tables["utt2spk"].values())
    with pytest.raises(ConfigError, match="parts is 0"):
        prepare_librilight(root, tmp_path / "d", parts=0)
