"""Segments that reach beyond their recordings."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
from oracles.films import write_film

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir, write_data_dir
from espnet_av.data.film import read_film
from espnet_av.data.table import write_table
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import DataDirError

FS = 16000


def dump(root: Path, tables: dict[str, dict[str, str]], **changes: object) -> DataDir:
    config = DumpConfig(max_dropped_ratio=1.0, **changes)  # type: ignore[arg-type]
    write_data_dir(root / "data", tables)
    shards = plan_dump(root / "data", root / "roi", root / "dump", config)
    for shard in shards:
        shard.write(lambda: None)
    return finish_dump(shards)


def tables_of(
    root: Path, segments: dict[str, str], text: str = "text"
) -> dict[str, dict[str, str]]:
    """A recording of ten seconds, cut."""
    soundfile.write(root / "r.wav", np.full(10 * FS, 0.1), FS)
    tables = {
        "wav.scp": {"r": str(root / "r.wav")},
        "segments": segments,
        "utt2spk": dict.fromkeys(segments, "s"),
    }
    return tables | ({text: dict.fromkeys(segments, "many words")} if text else {})


SEGMENTS = {"s-in": "r 1 3", "s-near": "r 8 10.2", "s-over": "r 8 15", "s-open": "r 8 -1"}


@pytest.mark.parametrize("text", ["text", "text.de"])
def test_a_transcript_of_more_than_there_is_is_dropped(tmp_path: Path, text: str) -> None:
    made = dump(tmp_path, tables_of(tmp_path, SEGMENTS, text))
    assert made.tables["utt2num_samples"] == {
        "s-in": str(2 * FS), "s-near": str(2 * FS), "s-open": str(2 * FS)
    }  # fmt: skip
    assert (tmp_path / "dump/dropped.tsv").read_text().splitlines()[1:] == [
        "s-over\tsegment beyond its recording\t2.000 s of its 7.000 s are there"
    ]


def test_the_tolerance_is_configured(tmp_path: Path) -> None:
    made = dump(tmp_path, tables_of(tmp_path, SEGMENTS), max_beyond_end=0.1)
    assert made.utt_ids == ["s-in", "s-open"]
    made = dump(tmp_path, tables_of(tmp_path, SEGMENTS), max_beyond_end=5.0)
    assert made.utt_ids == sorted(SEGMENTS)


def test_speech_without_transcripts_is_kept_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    made = dump(tmp_path, tables_of(tmp_path, SEGMENTS, text=""))
    assert made.get("utt2num_samples", "s-over") == str(2 * FS)
    assert "s-over: kept, as it has no transcript: 2.000 s of its 7.000 s" in caplog.text
    assert "s-near" not in caplog.text


def test_pictures_alone_count_too(tmp_path: Path) -> None:
    """One picture track of ten seconds; the clips are those that the roi stage makes of it."""
    segments = {"s-in": "r 1 3", "s-over": "r 8 15"}
    with ArkWriter(tmp_path / "roi/video.1.ark") as ark:
        clip = np.zeros((50, 8, 8), np.uint8)
        pointers = {utt_id: ark.write_clip(utt_id, clip, "raw") for utt_id in segments}
    write_table(tmp_path / "roi/video.scp", pointers)
    write_table(tmp_path / "roi/utt2num_frames", dict.fromkeys(segments, "50"))
    tables = tables_of(tmp_path, segments)
    tables["video.scp"] = tables.pop("wav.scp")
    assert dump(tmp_path, tables).utt_ids == ["s-in"]


def test_archives_of_sound_count_too(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, {"s-in": "r 1 3", "s-out": "r 10.5 12", "s-over": "r 8 15"})
    with ArkWriter(tmp_path / "r.ark") as ark:
        pointer = ark.write_audio("r", np.full(10 * FS, 0.1, np.float32), FS)
    tables["wav.scp"]["r"] = str(tmp_path / pointer)
    assert dump(tmp_path, tables).utt_ids == ["s-in"]
    rows = (tmp_path / "dump/dropped.tsv").read_text().splitlines()[1:]
    assert [row.split("\t")[1] for row in rows] == ["segment beyond its recording"] * 2


def test_bytes_of_a_part_are_those_of_its_seconds(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, {"s-in": "r 1 3", "s-all": "r 0 10"})
    write_data_dir(tmp_path / "data", tables)
    shards = plan_dump(tmp_path / "data", tmp_path / "roi", tmp_path / "dump", DumpConfig())
    sizes = {u: shard.expected_bytes(u) for shard in shards for u in shard.utt_ids}
    assert sizes["s-in"] == pytest.approx(sizes["s-all"] / 5)
    assert sizes["s-all"] == pytest.approx(10 * 17500, rel=0.1)


def test_seconds_are_those_of_the_longer_of_sound_and_picture(tmp_path: Path) -> None:
    write_data_dir(tmp_path / "data", tables_of(tmp_path, {"s-in": "r 1 3"}))
    (shard,) = plan_dump(tmp_path / "data", tmp_path / "roi", tmp_path / "dump", DumpConfig())
    shard.write(lambda: None)
    record = shard.read_record()
    assert shard.media_sec(record) == 2.0
    record.num_frames |= {"s-in": 75, "mute": 25}
    assert shard.media_sec(record) == 3.0 + 1.0


def film_dump(root: Path, **changes: object) -> DataDir:
    """Two utterances of one film with sound, 64x48 pixels."""
    write_film(root / "r.mp4", seed=1, num_frames=50)
    pieces = {"s-a": "r 0 1", "s-b": "r 1 2"}
    tables = {name: {"r": str(root / "r.mp4")} for name in ("wav.scp", "film.scp")}
    spoken = {"segments": pieces, "utt2spk": dict.fromkeys(pieces, "s")}
    return dump(root, tables | spoken, **changes)


def test_films_are_stored_in_the_size_that_is_asked_for(tmp_path: Path) -> None:
    for side, size in ((224, (48, 64)), (24, (24, 32))):
        made = film_dump(tmp_path, film_side=side)
        film = read_film(made.locate("film.scp", "s-b") or "", "s-b")
        assert (film.height, film.width, len(film.jpegs)) == (*size, 25)


def test_only_films_ask_for_the_size_of_films(tmp_path: Path) -> None:
    """Dumps without any are not made again for it."""
    film_dump(tmp_path / "film")
    dump(tmp_path, tables_of(tmp_path, SEGMENTS))
    prints = {}
    for root in (tmp_path, tmp_path / "film"):
        for side in (224, 24):
            config = DumpConfig(film_side=side)
            (shard,) = plan_dump(root / "data", root / "roi", root / "dump", config)
            prints[root, side] = shard.fingerprint()
    assert prints[tmp_path, 224] == prints[tmp_path, 24]
    assert prints[tmp_path / "film", 224] != prints[tmp_path / "film", 24]


def films_alone(root: Path, seconds: float = 2.0, **changes: object) -> DataDir:
    """A film whose sound is not asked for, one that is no film, and one with sound."""
    write_film(root / "a.mp4", seed=1, num_frames=round(25 * seconds))
    (root / "b.mp4").write_text("no film")
    utts = ("s-a", "s-b", "s-c")
    files = {"s-a": root / "a.mp4", "s-b": root / "b.mp4", "s-c": root / "a.mp4"}
    tables = {
        "film.scp": {utt_id: str(path) for utt_id, path in files.items()},
        "wav.scp": {"s-c": str(root / "a.mp4")},
        "utt2spk": dict.fromkeys(utts, "s"),
    }
    return dump(root, tables, **changes)


def test_films_without_sound_stay(tmp_path: Path) -> None:
    made = films_alone(tmp_path)
    assert made.utt_ids == ["s-a", "s-c"]
    assert made.tables["utt2num_frames"] == {"s-a": "50"}
    assert set(made.tables["film.scp"]) == {"s-a", "s-c"} and set(made.tables["wav.scp"]) == {"s-c"}
    (row,) = (tmp_path / "dump/dropped.tsv").read_text().splitlines()[1:]
    assert row.startswith("s-b\tunreadable film\t") and "b.mp4" in row
    summary = (tmp_path / "dump/dump.yaml").read_text()
    assert "with_audio: 1\nwith_video: 0\n" in summary


@pytest.mark.parametrize("require", ["audio", "video", "both"])
def test_films_alone_are_no_sound_and_no_mouth_clip(tmp_path: Path, require: str) -> None:
    if require == "audio":
        assert films_alone(tmp_path, require=require).utt_ids == ["s-c"]
    else:
        with pytest.raises(DataDirError):
            films_alone(tmp_path, require=require)


def test_films_alone_are_filtered_by_their_length(tmp_path: Path) -> None:
    with pytest.raises(DataDirError, match="no utterance"):
        films_alone(tmp_path, max_duration=1.9)
    assert "s-a\ttoo long\t2.000 s" in (tmp_path / "dump/dropped.tsv").read_text()


def test_a_film_of_one_frame_is_told_and_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_film(tmp_path / "a.mp4", seed=1, num_frames=1)
    soundfile.write(tmp_path / "a.wav", np.full(2 * FS, 0.1), FS)
    tables = {"wav.scp": {"s-a": str(tmp_path / "a.wav")}, "utt2spk": {"s-a": "s"}}
    made = dump(tmp_path, tables | {"film.scp": {"s-a": str(tmp_path / "a.mp4")}})
    assert set(made.tables["film.scp"]) == {"s-a"}
    assert "film.scp: s-a: 0.04 s of an utterance of 2.00 s" in caplog.text
