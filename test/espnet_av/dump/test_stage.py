from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from espnet_av.data.ark import ArkWriter, read_audio_ark, read_clip
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.table import write_table
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import ArkError, ConfigError, DataDirError, DroppedTooManyError

LENIENT = DumpConfig(max_dropped_ratio=1.0)


def make(corpus, out: Path, config: DumpConfig = LENIENT, jobs: int = 1) -> DataDir:
    for job in range(jobs, 0, -1):
        shards = plan_dump(corpus.data_dir, corpus.roi_dir, out, config)
        write_shards(shards, job, jobs)
    return finish_dump(plan_dump(corpus.data_dir, corpus.roi_dir, out, config))


def content(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file() and "logdir" not in p.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def dropped(folder: Path) -> dict[str, str]:
    rows = (folder / "dropped.tsv").read_text().splitlines()[1:]
    return {row.split("\t")[0]: row.split("\t")[1] for row in rows}


def rewrite(corpus, **tables: dict[str, str]) -> None:
    data = read_data_dir(corpus.data_dir)
    write_data_dir(corpus.data_dir, {**data.tables, **tables}, data.ctm)


def test_sound_and_clips_come_back_and_tables_come_along(corpus, tmp_path: Path) -> None:
    made = make(corpus, tmp_path / "dump")
    dump = read_data_dir(tmp_path / "dump")
    assert dump.tables == made.tables
    source = read_data_dir(corpus.data_dir)
    assert dump.utt_ids == source.utt_ids and dump.ctm == source.ctm
    for name in ("text", "utt2spk", "utt2lang"):
        assert dump.tables[name] == source.tables[name]
    for utt_id, wave in corpus.waves.items():
        read, fs = read_audio_ark(str(dump.locate("wav.scp", utt_id)))
        assert fs == 16000
        np.testing.assert_array_equal(read * 32768, wave)
    for utt_id, clip in corpus.clips.items():
        np.testing.assert_array_equal(read_clip(str(dump.locate("video.scp", utt_id))), clip)
    assert dump.tables["utt2num_samples"] == {u: str(len(w)) for u, w in corpus.waves.items()}
    assert dump.tables["utt2num_frames"] == {u: str(len(c)) for u, c in corpus.clips.items()}


def test_one_modality_may_be_missing(corpus, tmp_path: Path) -> None:
    dump = make(corpus, tmp_path / "dump")
    assert dump.get("video.scp", "s1-3") is None and dump.get("wav.scp", "s1-3")
    assert dump.get("wav.scp", "s1-4") is None and dump.get("video.scp", "s1-4")
    summary = yaml.safe_load((tmp_path / "dump" / "dump.yaml").read_text())
    assert (summary["utterances"], summary["with_audio"], summary["with_video"]) == (7, 6, 6)
    samples = sum(map(int, dump.tables["utt2num_samples"].values()))
    frames = sum(map(int, dump.tables["utt2num_frames"].values()))
    assert summary["audio_hours"] == pytest.approx(samples / 57_600_000, abs=1e-4) != 0
    assert summary["video_hours"] == pytest.approx(frames / 90_000, abs=1e-4) != 0


def test_every_number_of_jobs_gives_the_same_bytes(corpus, tmp_path: Path) -> None:
    config = replace(LENIENT, shard_utts=2)
    first = content_after(corpus, tmp_path / "1", config, 1)
    assert len([name for name in first if name.endswith(".ark")]) == 8
    for jobs in (2, 3, 9):
        assert content_after(corpus, tmp_path / str(jobs), config, jobs) == first


def content_after(corpus, out: Path, config: DumpConfig, jobs: int) -> dict[str, bytes]:
    make(corpus, out, config, jobs)
    return content(out)


def test_a_dump_can_be_moved(corpus, tmp_path: Path) -> None:
    make(corpus, tmp_path / "dump")
    (tmp_path / "dump").rename(tmp_path / "elsewhere")
    dump = read_data_dir(tmp_path / "elsewhere")
    assert read_clip(str(dump.locate("video.scp", "s1-0"))).shape == (25, 96, 96)


def test_finished_shards_are_left_alone_and_changed_ones_made_again(
    corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(LENIENT, shard_utts=2)
    make(corpus, tmp_path / "dump", config)
    written: list[str] = []
    write = ArkWriter.write_audio
    monkeypatch.setattr(
        ArkWriter,
        "write_audio",
        lambda self, utt, *rest: (written.append(utt), write(self, utt, *rest))[1],
    )
    make(corpus, tmp_path / "dump", config)
    make(corpus, tmp_path / "dump", replace(config, max_dropped_ratio=0.5))
    assert written == []
    (tmp_path / "dump" / "audio.000002.ark").unlink()
    make(corpus, tmp_path / "dump", config)
    assert written == ["s1-2", "s1-3"]
    rewrite(corpus, **{"wav.scp": {**read_data_dir(corpus.data_dir).tables["wav.scp"],
                                   "s2-6": str(corpus.data_dir.parent / "s1-0.wav")}})  # fmt: skip
    make(corpus, tmp_path / "dump", replace(config, max_mismatch=9.0))
    assert len(written) == 2 + 6


def test_clips_made_otherwise_are_packed_again(corpus, tmp_path: Path) -> None:
    """Uncompressed ones of the same number of frames: of the same sizes, at the same offsets."""
    arks = {}
    for made_from, shift in (("a wide mouth", 0), ("a narrow mouth", 1)):
        with ArkWriter(corpus.roi_dir / "video.000001.ark") as ark:
            pointers = {
                utt_id: ark.write_clip(utt_id, clip + np.uint8(shift), "raw")
                for utt_id, clip in corpus.clips.items()
            }
        write_table(corpus.roi_dir / "video.scp", pointers)
        record = corpus.roi_dir / "shards/000001.json"
        record.parent.mkdir(exist_ok=True)
        record.write_text(json.dumps({"fingerprint": made_from, "dropped": []}))
        make(corpus, tmp_path / "dump")
        arks[made_from] = (tmp_path / "dump/video.000001.ark").read_bytes()
    first, second = arks.values()
    assert len(first) == len(second) and first != second


def test_estimate_looks_at_all_clips_once(corpus, tmp_path: Path) -> None:
    class Pointers(dict):
        num_looks = 0

        def values(self):
            self.num_looks += 1
            return super().values()

    first = plan_dump(corpus.data_dir, corpus.roi_dir, tmp_path, replace(LENIENT, shard_utts=2))[0]
    pointers = Pointers(first.clips.pointers)
    shard = replace(first, clips=replace(first.clips, pointers=pointers))
    size = (corpus.roi_dir / "video.1.ark").stat().st_size
    wave = len(corpus.waves["s1-0"]) / 16000 * 17500
    for _ in range(2):
        assert shard.expected_bytes("s1-0") == pytest.approx(size / 6 + wave, rel=1e-3)
    assert pointers.num_looks == 1


def test_shards_of_an_earlier_larger_dump_go(corpus, tmp_path: Path) -> None:
    make(corpus, tmp_path / "dump", replace(LENIENT, shard_utts=1))
    (tmp_path / "dump" / ".audio.000001.ark.9999999.tmp").write_bytes(b"half")
    make(corpus, tmp_path / "dump", replace(LENIENT, shard_utts=4))
    make(corpus, tmp_path / "fresh", replace(LENIENT, shard_utts=4))
    assert content(tmp_path / "dump") == content(tmp_path / "fresh")


def test_finish_names_the_missing_shard(corpus, tmp_path: Path) -> None:
    shards = plan_dump(
        corpus.data_dir, corpus.roi_dir, tmp_path / "dump", replace(LENIENT, shard_utts=2)
    )
    write_shards(shards, 1, 2)
    with pytest.raises(DataDirError, match="shard 2 of 4 is missing or out of date; run all jobs"):
        finish_dump(shards)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"min_duration": 1.05}, dict.fromkeys(["s1-0", "s1-1"], "too short")),
        ({"max_duration": 1.15}, dict.fromkeys(["s1-4", "s2-5", "s2-6"], "too long")),
        ({"require": "audio"}, {"s1-4": "no audio"}),
        ({"require": "video"}, {"s1-3": "no mouth clip"}),
        ({"require": "both"}, {"s1-3": "no mouth clip", "s1-4": "no audio"}),
        (
            {"max_mismatch": 0.015},
            dict.fromkeys(["s1-0", "s2-6"], "audio and video differ in length"),
        ),
    ],
)
def test_filters_drop_by_name(
    corpus, tmp_path: Path, changes: dict[str, object], expected: dict[str, str]
) -> None:
    # Utterance i has 25 + i frames; its sound is (i - 3) / 160 s longer.
    dump = make(corpus, tmp_path / "dump", replace(LENIENT, **changes))  # type: ignore[arg-type]
    assert dropped(tmp_path / "dump") == expected
    assert set(dump.utt_ids) == {f"s{i // 5 + 1}-{i}" for i in range(7)} - set(expected)


def test_too_many_drops_fail_after_they_are_listed(corpus, tmp_path: Path) -> None:
    config = DumpConfig(require="both", max_dropped_ratio=0.2)
    message = r"2 of 7 utterances dropped \(1 no mouth clip, 1 no audio\), .* first: s1-3"
    with pytest.raises(DroppedTooManyError, match=message):
        make(corpus, tmp_path / "dump", config)
    assert set(dropped(tmp_path / "dump")) == {"s1-3", "s1-4"}
    assert not (tmp_path / "dump" / "wav.scp").exists()
    assert len(make(corpus, tmp_path / "dump", replace(config, max_dropped_ratio=0.3)).utt_ids) == 5


def test_unreadable_sound_is_a_reported_drop(corpus, tmp_path: Path) -> None:
    (corpus.data_dir.parent / "s1-1.wav").write_bytes(b"")
    (corpus.data_dir.parent / "s1-2.wav").unlink()
    make(corpus, tmp_path / "dump")
    assert dropped(tmp_path / "dump") == dict.fromkeys(["s1-1", "s1-2"], "unreadable audio")
    assert "s1-1.wav" in (tmp_path / "dump" / "dropped.tsv").read_text()


def test_neither_sound_nor_clip(corpus, tmp_path: Path) -> None:
    tables = read_data_dir(corpus.data_dir).tables
    wavs = {u: v for u, v in tables["wav.scp"].items() if u != "s1-3"}
    rewrite(corpus, **{"wav.scp": wavs, "video.scp": {**tables["video.scp"], "s1-3": "x.mp4"}})
    make(corpus, tmp_path / "dump")
    assert dropped(tmp_path / "dump") == {"s1-3": "neither audio nor mouth clip"}


def test_segments_are_cut_out_of_recordings(corpus, tmp_path: Path) -> None:
    wave = corpus.waves["s1-0"]
    data = write_data_dir(
        tmp_path / "data",
        {
            "utt2spk": {"u1": "s", "u2": "s"},
            "wav.scp": {"rec": str(corpus.data_dir.parent / "s1-0.wav")},
            "segments": {"u1": "rec 0.1 0.4", "u2": "rec 0.5 -1"},
        },
    )
    with ArkWriter(tmp_path / "data" / "a.ark") as ark:
        pointer = ark.write_audio("rec", wave, 16000)
    for value in (data.tables["wav.scp"]["rec"], pointer):
        write_data_dir(data.path, {**data.tables, "wav.scp": {"rec": value}})
        shards = plan_dump(data.path, tmp_path, tmp_path / "dump", LENIENT)
        write_shards(shards, 1, 1)
        dump = finish_dump(shards)
        assert "segments" not in dump.tables and "video.scp" not in dump.tables
        cut = [read_audio_ark(str(dump.locate("wav.scp", u)))[0] * 32768 for u in ("u1", "u2")]
        np.testing.assert_array_equal(cut[0], wave[1600:6400])
        np.testing.assert_array_equal(cut[1], wave[8000:])


def test_archive_audio_at_another_rate_is_an_error(corpus, tmp_path: Path) -> None:
    with ArkWriter(corpus.data_dir / "a.ark") as ark:
        pointer = ark.write_audio("s1-0", corpus.waves["s1-0"], 8000)
    rewrite(corpus, **{"wav.scp": {**read_data_dir(corpus.data_dir).tables["wav.scp"],
                                   "s1-0": pointer}})  # fmt: skip
    with pytest.raises(DataDirError, match="archive audio at 8000 Hz"):
        make(corpus, tmp_path / "dump")


def test_incomplete_clips_are_named(corpus, tmp_path: Path) -> None:
    counts = (corpus.roi_dir / "utt2num_frames").read_text().splitlines()
    (corpus.roi_dir / "utt2num_frames").write_text("\n".join(counts[1:]) + "\n")
    with pytest.raises(DataDirError, match=r"s1-0: in only one of video\.scp and utt2num_frames"):
        make(corpus, tmp_path / "dump")
    (corpus.roi_dir / "video.scp").unlink()
    with pytest.raises(DataDirError, match=r"roi/video\.scp: no such file"):
        make(corpus, tmp_path / "dump")


def test_a_broken_archive_of_clips_stops_the_dump(corpus, tmp_path: Path) -> None:
    ark = corpus.roi_dir / "video.1.ark"
    ark.write_bytes(ark.read_bytes()[:-10])
    with pytest.raises(ArkError, match="ends in the middle of this entry"):
        make(corpus, tmp_path / "dump")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shard_utts": 0}, "shard_utts is 0"),
        ({"min_duration": 30.0}, r"min_duration 30\.0 must be below max_duration 20\.0"),
        ({"max_dropped_ratio": 2.0}, r"max_dropped_ratio is 2\.0"),
    ],
)
def test_config_rules(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DumpConfig(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("utt2langs", "utt2lang"), ("videos.scp", "video.scp"), ("utt2targets", "utt2target")],
)
def test_a_table_that_nobody_packs_is_refused(
    corpus, tmp_path: Path, name: str, nearest: str
) -> None:
    (corpus.data_dir / name).write_text("s1-0 x\n")
    with pytest.raises(DataDirError, match=f"{name}: not a table.*did you mean '{nearest}'.*move"):
        plan_dump(corpus.data_dir, corpus.roi_dir, tmp_path / "dump", DumpConfig())
    # The cure works.
    (corpus.data_dir / name).rename(corpus.data_dir.parent / name)
    assert plan_dump(corpus.data_dir, corpus.roi_dir, tmp_path / "dump", DumpConfig())
