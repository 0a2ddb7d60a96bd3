"""Audiocite: long recordings cut where nobody speaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.books import SPEECH, book, build_audiocite
from corpora_fixtures.clips import put, report

from espnet_av.corpora.audiocite import prepare_audiocite
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_audiocite(tmp_path / "audiocite")


def test_a_whole_copy(root: Path, tmp_path: Path) -> None:
    counts = prepare_audiocite(root, tmp_path / "data")
    assert counts == {"train": 4, "valid": 2}
    train = read_data_dir(tmp_path / "data/train")
    for utt_id, expected in zip(train.utt_ids, SPEECH[:2] * 2, strict=True):
        assert train.recording(utt_id)[1:] == pytest.approx(expected, abs=0.05)
        assert train.get("utt2lang", utt_id) == "fr"
    assert train.get("utt2spk", train.utt_ids[0]).startswith("audiocite_")
    assert report(tmp_path / "data") == []
    assert len((tmp_path / "data/speakers.tsv").read_text().splitlines()) == 5


def test_speakers_of_a_table_and_hours(root: Path, tmp_path: Path) -> None:
    for speaker in ("amelie", "bruno", "claire"):
        old = root / f"wavs_1/{speaker}/livre_1.wav"
        old.rename(root / f"wavs_1/{speaker}.wav")
    table = put(tmp_path / "who.tsv", "file\tspeaker\namelie.wav\tann\nx/bruno.wav\tann\n")
    options = {"speakers": table, "valid_speakers": 0}
    prepare_audiocite(root, tmp_path / "data", **options)
    users = read_data_dir(tmp_path / "data/train").tables["utt2spk"]
    assert set(users.values()) == {"audiocite_ann", "audiocite_unknown"} and len(users) == 6
    hours = 5.0 / 3600
    assert prepare_audiocite(root, tmp_path / "few", hours=hours, **options) == {"train": 2}
    with pytest.raises(ConfigError, match="1 are asked for"):
        prepare_audiocite(root, tmp_path / "few", hours=1.0, **options)
    with pytest.raises(DataDirError, match=r"who.tsv:1: no column speaker"):
        prepare_audiocite(root, tmp_path / "d", speakers=put(table, "file\treader\n"))


def test_silent_and_damaged_recordings_are_named(root: Path, tmp_path: Path) -> None:
    put(root / "wavs_1/amelie/livre_1.wav", book((), 4.0))
    with pytest.raises(DroppedTooManyError, match=r"no_speech 1.*nobody speaks for 2 s"):
        prepare_audiocite(root, tmp_path / "data")
    put(root / "wavs_1/bruno/livre_1.wav", b"RIFF")
    with pytest.raises(DroppedTooManyError, match=r"unreadable 1"):
        prepare_audiocite(root, tmp_path / "data")
    options = {"max_missing_ratio": 0.6, "valid_speakers": 0}
    assert prepare_audiocite(root, tmp_path / "data", **options) == {"train": 2}
    with pytest.raises(DataDirError, match="set AUDIOCITE="):
        prepare_audiocite(tmp_path / "none", tmp_path / "data")
