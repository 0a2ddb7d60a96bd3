"""Segments that reach beyond their recordings."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir, write_data_dir
from espnet_av.data.table import write_table
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump

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
