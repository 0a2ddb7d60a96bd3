"""Mixtures of talkers with their turns, and the faults of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, put, report, wav
from corpora_fixtures.recognition import MIXTURE, build_librimix, rttm_lines

from espnet_av.corpora.librimix import prepare_librimix
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError

FIRST, SECOND = MIXTURE.format("1020", "2020"), MIXTURE.format("1021", "2021")
"""Mixtures of the test set."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_librimix(tmp_path / "root")


def prepare(root: Path, out_dir: Path, **options: object) -> dict[str, int]:
    return prepare_librimix(root / "Libri2Mix", root / "turns", out_dir, num_jobs=1, **options)  # type: ignore[arg-type]


def test_a_whole_copy(root: Path, tmp_path: Path) -> None:
    assert prepare(root, tmp_path / "data") == {"train": 2, "valid": 2, "test": 2}
    test = read_data_dir(tmp_path / "data/test")
    utt_id = f"librimix_{FIRST}"
    assert test.get("rttm", utt_id) == "0 0.3 1020 0.1 0.3 2020"
    assert test.tables["wav.scp"][utt_id].endswith(f"max/test/mix_both/{FIRST}.wav")
    assert test.get("utt2spk", utt_id) == utt_id
    assert report(tmp_path / "data") == []
    assert coverage(tmp_path / "data")["train-100", "en"]["published_clips"] == "13900"
    assert prepare(root, tmp_path / "some", splits=["test"]) == {"test": 2}


def test_turns_in_one_folder(root: Path, tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        (root / "turns" / name / "rttm").rename(root / "turns" / f"{name}.rttm")
        (root / "turns" / name).rmdir()
    assert prepare(root, tmp_path / "data") == {"train": 2, "valid": 2, "test": 2}


def test_turns_of_another_recording_are_named(root: Path, tmp_path: Path) -> None:
    path = root / "turns/test/rttm"
    # Both talkers of the second one are silent until the sound is over; a third is unknown.
    put(
        path,
        rttm_lines(FIRST, [(0.0, 2.0, "1020"), (0.1, 0.2, "2020"), (7.0, 1.0, "2020")])
        + rttm_lines(SECOND, [(5.0, 1.0, "1021"), (6.0, 1.0, "2021")])
        + rttm_lines("gone", [(0.0, 1.0, "1")]),
    )
    with pytest.raises(DroppedTooManyError, match=r"turns_beyond_end 1.*of another recording"):
        prepare(root, tmp_path / "data")
    counts = prepare(root, tmp_path / "data", max_missing_ratio=0.2)
    assert counts == {"train": 2, "valid": 2, "test": 1}
    test = read_data_dir(tmp_path / "data/test")
    assert test.get("rttm", f"librimix_{FIRST}") == "0 0.4 1020 0.1 0.2 2020"
    assert sorted(report(tmp_path / "data")) == [
        (f"librimix_{FIRST}", "turns_cut", "kept, turns cut"),
        (f"librimix_{SECOND}", "turns_beyond_end", "dropped"),
        ("librimix_gone", "unlisted", "left out"),
    ]
    put(path, rttm_lines("gone", [(0.0, 1.0, "1")]))
    with pytest.raises(DataDirError, match=r"test/rttm: none of its 1 recordings, such as 'gone'"):
        prepare(root, tmp_path / "data")


def test_other_faults_of_a_copy(root: Path, tmp_path: Path) -> None:
    put(root / "turns/test/rttm", rttm_lines(FIRST, [(0.0, 0.3, "1020")]))
    mixtures = root / "Libri2Mix/wav16k/max/dev/mix_both"
    put(sorted(mixtures.iterdir())[0], wav(0.0))
    counts = prepare(root, tmp_path / "data", max_missing_ratio=0.4)
    assert counts == {"train": 2, "valid": 1, "test": 1}
    assert sorted(why for _, *why in report(tmp_path / "data")) == [
        ["no_turns", "dropped"],
        ["odd_talkers", "kept"],
        ["unreadable", "dropped"],
    ]


def test_lacking_folders_are_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(
        DataDirError, match=r"no mixtures in train-360/mix_both, but in train-100, "
    ):
        prepare(root, tmp_path / "data", splits=["train-360"])
    with pytest.raises(DataDirError, match=r"train-100/mix_clean, but in none .*LIBRIMIX="):
        prepare(root, tmp_path / "data", kind="mix_clean")
    (root / "turns/dev/rttm").unlink()
    with pytest.raises(
        DataDirError, match=r"none of dev/rttm, dev\.rttm, which tell who.*--splits"
    ):
        prepare(root, tmp_path / "data")
    assert prepare(root, tmp_path / "data", splits=["test", "train-100"]) == {"test": 2, "train": 2}
