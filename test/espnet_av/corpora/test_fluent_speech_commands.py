"""Fluent Speech Commands: three slots, and the faults of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, put, report
from corpora_fixtures.recognition import build_fluent_speech_commands

from espnet_av.corpora.fluent_speech_commands import prepare_fluent_speech_commands
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError

HEADER = ",path,speakerId,transcription,action,object,location\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_fluent_speech_commands(tmp_path / "fluent")


def test_a_whole_copy(root: Path, tmp_path: Path) -> None:
    counts = prepare_fluent_speech_commands(root, tmp_path / "data", num_jobs=1)
    assert counts == {"train": 2, "valid": 1, "test": 1}
    train = read_data_dir(tmp_path / "data/train")
    utt_id = "fluent_trainSpk-1c-452c-11e9"
    assert train.get("utt2label", utt_id) == "change language|Chinese|none"
    assert train.get("text", utt_id) == "Lights, on 1"
    assert train.get("utt2spk", utt_id) == "fluent_trainSpk"
    assert report(tmp_path / "data") == []
    assert coverage(tmp_path / "data")["train", "en"]["published_clips"] == "23132"


def test_values_that_training_never_had_are_named(root: Path, tmp_path: Path) -> None:
    path = root / "data/test_data.csv"
    put(path, path.read_text().replace("activate,Chinese", "increase,heat"))
    prepare_fluent_speech_commands(root, tmp_path / "data", num_jobs=1)
    lines = (tmp_path / "data/prepare_report.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[1:3] for line in lines] == [
        ["new_label", "kept, and never predicted"]
    ] * 2
    assert "test_data.csv:2: no clip of train has the action 'increase'" in lines[0]
    label = read_data_dir(tmp_path / "data/test").tables["utt2label"]
    assert list(label.values()) == ["increase|heat|none"]


def test_faults_of_a_copy(root: Path, tmp_path: Path) -> None:
    path = root / "data/valid_data.csv"
    rows = path.read_text()
    place = "wavs/speakers/validSpk/{}c-452c-11e9.wav"
    put(path, rows + f"1,{place.format(9)},validSpk,Gone,activate,lights,none\n"
        f"2,{place.format(0)},other,,activate,lights,none\n"
        f"3,{place.format(0)},third,No slot,activate,,none\n")  # fmt: skip
    with pytest.raises(DroppedTooManyError, match=r"missing 1, no_label 1"):
        prepare_fluent_speech_commands(root, tmp_path / "data", num_jobs=1)
    counts = prepare_fluent_speech_commands(
        root, tmp_path / "data", max_missing_ratio=0.4, num_jobs=1
    )
    assert counts["valid"] == 2
    assert sorted(report(tmp_path / "data")) == [
        ("fluent_third-0c-452c-11e9", "no_label", "dropped"),
        ("fluent_validSpk-9c-452c-11e9", "missing", "dropped"),
    ]
    # One command without words: labels are what counts, so no text of this set is written.
    assert "text" not in read_data_dir(tmp_path / "data/valid").tables


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n", r"valid_data\.csv:1: no column path, speakerId"),
        ("", r"valid_data\.csv:1: no column path"),
        (HEADER + "0,x.wav,spk\n", r"valid_data\.csv:2: ends before its column transcription"),
        (HEADER + '0,"x' + "y" * 140_000, r"valid_data\.csv:\d: field larger than field limit"),
    ],
)
def test_bad_lists_are_named(root: Path, tmp_path: Path, content: str, told: str) -> None:
    put(root / "data/valid_data.csv", content)
    with pytest.raises(DataDirError, match=told):
        prepare_fluent_speech_commands(root, tmp_path / "data")
