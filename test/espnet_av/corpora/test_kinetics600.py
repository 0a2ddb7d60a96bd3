"""Kinetics-600 as full frames, with and without its lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, mp4, packed_sound, put, report
from corpora_fixtures.faces_and_voices import build_kinetics600, write_kinetics600_lists

from espnet_av.corpora.kinetics600 import prepare_kinetics600
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError

FIRST = "kinetics_-aBc_12dEf0-000003"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_kinetics600(tmp_path / "k600")


def test_a_copy_without_lists(root: Path, tmp_path: Path) -> None:
    counts = prepare_kinetics600(root, tmp_path / "data", num_jobs=1)
    assert counts == {"train": 2, "valid": 1, "test": 1}
    train = read_data_dir(tmp_path / "data/train")
    assert set(train.tables) == {"film.scp", "wav.scp", "utt2spk", "utt2label"}
    path = str(root / "train/playing violin/-aBc_12dEf0_000003_000013.mp4")
    assert train.tables["film.scp"][FIRST] == train.tables["wav.scp"][FIRST] == path
    assert train.get("utt2label", FIRST) == "playing violin"
    assert "utt2label" not in read_data_dir(tmp_path / "data/test").tables
    assert report(tmp_path / "data") == []
    assert coverage(tmp_path / "data")["train", "-"]["published_clips"] == "392622"


def test_lists_tell_classes_and_what_the_copy_lacks(root: Path, tmp_path: Path) -> None:
    write_kinetics600_lists(root)
    path = root / "train/abseiling/xYz-_45gHi9_000012_000022.mp4"
    path.rename(root / "train" / path.name)
    (root / "train/playing violin/-aBc_12dEf0_000003_000013.mp4").unlink()
    put(root / "val/new_class/more_1_000001_000011.mp4", mp4())
    with pytest.raises(DroppedTooManyError, match=r"missing 1.*train\.csv:2"):
        prepare_kinetics600(root, tmp_path / "data", num_jobs=1)
    counts = prepare_kinetics600(root, tmp_path / "data", max_missing_ratio=0.3, num_jobs=1)
    assert counts == {"train": 1, "valid": 2, "test": 1}
    train = read_data_dir(tmp_path / "data/train")
    assert list(train.tables["utt2label"].values()) == ["abseiling"]
    assert sorted(report(tmp_path / "data")) == [
        (FIRST, "missing", "dropped"),
        ("kinetics_more_1-000001", "new_label", "kept, and never predicted"),
        ("kinetics_more_1-000001", "unlisted", "kept"),
        ("kinetics_qWe_78rTy-1-000000", "new_label", "kept, and never predicted"),
    ]


def test_clips_without_sound_picture_or_a_name(root: Path, tmp_path: Path) -> None:
    folder = root / "train/abseiling"
    put(folder / "mute_000001_000011.mp4", mp4(sound=False))
    put(folder / "blind_000001_000011.mp4", packed_sound("mp4", "aac"))
    put(folder / "odd_000001_000011.mp4", mp4(fps=15))
    put(folder / "odd_000001_000011.webm", mp4())
    put(folder / "whatever.mp4", mp4())
    counts = prepare_kinetics600(root, tmp_path / "data", max_missing_ratio=0.3, num_jobs=1)
    assert counts["train"] == 4
    faults = [
        ("kinetics_blind-000001", "unreadable_video", "kept, sound alone"),
        ("odd_000001_000011", "odd_name", "left out"),
        ("whatever", "odd_name", "left out"),
    ]
    dropped = ("kinetics_mute-000001", "no_sound", "dropped")
    assert sorted(report(tmp_path / "data")) == sorted([*faults, dropped])
    train = read_data_dir(tmp_path / "data/train")
    assert set(train.tables["wav.scp"]) - set(train.tables["film.scp"]) == {"kinetics_blind-000001"}
    options = {"frames": "both", "max_missing_ratio": 0.3}
    assert prepare_kinetics600(root, tmp_path / "both", num_jobs=1, **options)["train"] == 5
    both = read_data_dir(tmp_path / "both/train")
    assert both.tables["video.scp"] == both.tables["film.scp"]
    kept = ("kinetics_mute-000001", "no_sound", "kept, picture alone")
    rates = ("kinetics_odd-000001", "odd_frame_rate", "kept, read at 25 frames/s")
    assert sorted(report(tmp_path / "both")) == sorted([*faults, kept, rates])


def test_bad_copies_are_named(root: Path, tmp_path: Path) -> None:
    put(root / "val.csv", "label,youtube_id\n")
    with pytest.raises(DataDirError, match=r"val\.csv:1: no column time_start, time_end"):
        prepare_kinetics600(root, tmp_path / "data")
    put(root / "val.csv", "label,youtube_id,time_start,time_end\nx,abc,ten,20\n")
    prepare_kinetics600(root, tmp_path / "data", num_jobs=1)
    assert ("abc", "bad_row", "left out") in report(tmp_path / "data")
    with pytest.raises(DataDirError, match=r"no clip found.*KINETICS600="):
        prepare_kinetics600(tmp_path / "no", tmp_path / "data")
