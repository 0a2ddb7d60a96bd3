"""Speech Commands 0.01: the split by hash, the twelve labels, and the faults of a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, put, report, wav
from corpora_fixtures.recognition import build_speech_commands

from espnet_av.corpora.speech_commands import hash_split, prepare_speech_commands
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError

TRAIN = """
    0a7c2a8d 00b01445 004ae714 00f0204f 0132a06d 012c8314 ffd2ba2f b959cd0c c50f55b8 spk000
    spk001 spk004 spk005 spk006 spk008 spk009 spk010 spk012 spk013 spk014 spk016 spk017 spk018
    spk019
"""
"""Names that s3prl 0.4.18 trains on."""


def test_the_split_of_the_reference_tool() -> None:
    assert {hash_split(f"{name}_nohash_{n}.wav") for name in TRAIN.split() for n in (0, 7)} == {
        "train"
    }
    assert hash_split("noname.wav") == hash_split("a.wav") == "train"
    assert {hash_split(f"spk{n}_nohash_0.wav") for n in ("002", "003", "007", "011")} == {None}
    assert hash_split("spk015_nohash_0.wav") == "valid"


def test_a_whole_copy(tmp_path: Path) -> None:
    root = build_speech_commands(tmp_path / "root")
    assert prepare_speech_commands(root, tmp_path / "data", num_jobs=1) == {
        "train": 4 + 18, "valid": 2 + 2, "test": 3,
    }  # fmt: skip
    train = read_data_dir(tmp_path / "data/train")
    name = "speech_commands_0a7c2a8d"
    labels = train.tables["utt2label"]
    assert (labels[f"{name}-yes-1"], labels[f"{name}-bird-0"]) == ("yes", "_unknown_")
    assert train.get("utt2spk", f"{name}-yes-1") == name
    noise = "speech_commands_running_tap-_background_noise_"
    assert labels[f"{noise}-017"] == "_silence_"
    assert train.recording(f"{noise}-017") == (noise, 17.0, 18.0)
    valid = read_data_dir(tmp_path / "data/valid")
    assert sorted(valid.tables["utt2label"].values()) == ["_silence_"] * 2 + ["_unknown_", "yes"]
    assert valid.recording(f"{noise}-018") == (noise, 18.0, 19.0)
    test = read_data_dir(tmp_path / "data/test")
    assert sorted(test.tables["utt2label"].values()) == ["_silence_", "_unknown_", "yes"]
    assert report(tmp_path / "data") == [
        ("speech_commands_spk002-yes-0", "left_for_test", "left out")
    ]
    assert coverage(tmp_path / "data")["train", "en"]["published_clips"] == "51094"
    # Words are whole files, and pieces of noise are not: a subset keeps the sound of both.
    both = train.subset([f"{name}-yes-1", f"{noise}-000"])
    assert set(both.tables["wav.scp"]) == {f"{name}-yes-1", noise}


def test_faults_of_a_copy(tmp_path: Path) -> None:
    root = build_speech_commands(tmp_path / "root")
    words = root / "speech_commands_v0.01"
    put(words / "go/spk000_nohash_0.wav", wav(0.0))
    put(words / "_background_noise_/short.wav", wav(0.5))
    put(root / "speech_commands_test_set_v0.01/house/spk009_nohash_0.wav", wav())
    with pytest.raises(DroppedTooManyError, match=r"speech_commands_spk000-go-0 .*neither picture"):
        prepare_speech_commands(root, tmp_path / "data", num_jobs=1)
    counts = prepare_speech_commands(root, tmp_path / "data", max_missing_ratio=0.1, num_jobs=1)
    assert counts == {"train": 21, "valid": 5, "test": 4}
    test = read_data_dir(tmp_path / "data/test")
    assert test.get("utt2label", "speech_commands_spk009-house-0") == "_unknown_"
    other = ("speech_commands_spk009-house-0", "other_word", "kept as _unknown_")
    assert other in report(tmp_path / "data")
    valid = read_data_dir(tmp_path / "data/valid")
    short = "speech_commands_short-_background_noise_"
    assert valid.recording(f"{short}-000") == (short, 0.0, 0.5)
    shutil.rmtree(words / "_background_noise_")
    with pytest.raises(DataDirError, match=r"_background_noise_: no noise in it.*unpack"):
        prepare_speech_commands(root, tmp_path / "data")
    shutil.rmtree(root / "speech_commands_test_set_v0.01")
    with pytest.raises(DataDirError, match=r"test_set_v0\.01: no folders of words.*unpack speech"):
        prepare_speech_commands(root, tmp_path / "data")
