"""The roi stage: shards, resuming, the report."""

import dataclasses
import json
import pickle
import shutil

import cv2
import numpy as np
import pytest
from media_samples import face_points, make_clip_corpus

from espnet_av.data.ark import read_clip
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.clips import read_clips
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError
from espnet_av.roi import shard as roi_shard
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import extract_roi
from espnet_av.roi.stage import finish_roi, plan_roi

CONFIG = RoiConfig(tracker="precomputed", shard_utts=2, encoding="raw")
NUM_CLIPS = 5


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_clip_corpus(tmp_path_factory.mktemp("corpus"), NUM_CLIPS)


def run(data_dir, out_dir, config=CONFIG, num_jobs=1):
    for job in range(1, num_jobs + 1):
        write_shards(plan_roi(data_dir, out_dir, config), job, num_jobs)
    return finish_roi(plan_roi(data_dir, out_dir, config))


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "logdir" not in path.parts
    }


def changed_tables(data_dir, target, change):
    """Copy a data dir with `change(tables)` applied."""
    tables = {name: dict(rows) for name, rows in read_data_dir(data_dir).tables.items()}
    change(tables)
    write_data_dir(target, tables)
    return target


def test_clips_are_those_of_extract_roi(corpus, tmp_path):
    clips = run(corpus, tmp_path)
    data = read_data_dir(corpus)
    assert list(clips) == data.utt_ids
    stored = read_clips(tmp_path)
    for utt_id in data.utt_ids:
        expected = extract_roi(
            data.get("video.scp", utt_id), CONFIG, landmarks=data.get("landmarks.scp", utt_id)
        )
        assert np.array_equal(read_clip(stored.pointers[utt_id]), expected.frames)
        assert stored.num_frames[utt_id] == len(expected.frames)


def test_jobs_do_not_change_a_byte(corpus, tmp_path):
    run(corpus, tmp_path / "one", num_jobs=1)
    run(corpus, tmp_path / "three", num_jobs=3)
    run(corpus, tmp_path / "nine", num_jobs=9)
    one = contents(tmp_path / "one")
    assert {"video.000003.ark", "contact_sheet.png"} <= {path.name for path in one}
    assert one == contents(tmp_path / "three") == contents(tmp_path / "nine")


def test_finished_shards_are_not_made_again(corpus, tmp_path, monkeypatch):
    write_shards(plan_roi(corpus, tmp_path, CONFIG), 1, 3)
    made = []
    extract = roi_shard.extract_roi
    monkeypatch.setattr(roi_shard, "extract_roi", lambda *a: made.append(a[0]) or extract(*a))
    run(corpus, tmp_path)
    assert len(made) == NUM_CLIPS - 2
    made.clear()
    run(corpus, tmp_path)
    assert not made


@pytest.mark.parametrize("what", ["option", "video", "archive"])
def test_what_changed_is_made_again(tmp_path, what):
    corpus = make_clip_corpus(tmp_path / "corpus", 4)
    run(corpus, tmp_path / "roi")
    config = CONFIG
    if what == "option":
        config = RoiConfig(tracker="precomputed", shard_utts=2, encoding="raw", size=88)
    elif what == "video":
        other = tmp_path / "corpus" / "media" / "spk1-001.mp4"
        shutil.copy(other, tmp_path / "corpus" / "media" / "spk0-000.mp4")
    else:
        (tmp_path / "roi" / "video.000001.ark").unlink()
    shards = plan_roi(corpus, tmp_path / "roi", config)
    assert shards[0].read_record() is None
    with pytest.raises(DataDirError, match=r"000001\.json: shard 1 of 2 is missing or out of date"):
        finish_roi(shards)
    run(corpus, tmp_path / "roi", config)
    assert (read_clip(f"{tmp_path}/roi/video.000001.ark:9").shape[1] == 88) == (what == "option")


def test_a_smaller_corpus_leaves_no_old_archives(corpus, tmp_path):
    run(corpus, tmp_path / "roi")
    data = read_data_dir(corpus)
    write_data_dir(tmp_path / "few", data.subset(data.utt_ids[:2]).tables)
    run(tmp_path / "few", tmp_path / "roi")
    assert [path.name for path in (tmp_path / "roi").glob("*.ark")] == ["video.000001.ark"]
    assert len(list((tmp_path / "roi" / "shards").iterdir())) == 1


def test_bad_clips_cost_a_line_not_the_run(corpus, tmp_path):
    def spoil(tables):
        (tmp_path / "empty.mp4").touch()
        tables["video.scp"]["spk0-000"] = str(tmp_path / "empty.mp4")
        del tables["landmarks.scp"]["spk1-001"]

    data_dir = changed_tables(corpus, tmp_path / "data", spoil)
    config = RoiConfig(tracker="precomputed", shard_utts=2, max_dropped_ratio=0.5)
    clips = run(data_dir, tmp_path / "roi", config)
    assert list(clips) == ["spk0-002", "spk0-004", "spk1-003"]
    rows = [line.split("\t") for line in (tmp_path / "roi" / "dropped.tsv").open()]
    assert [row[:2] for row in rows[1:]] == [
        ["spk0-000", "unreadable"],
        ["spk1-001", "no_landmarks"],
    ]
    assert "0 bytes" in rows[1][2]


def test_too_many_dropped_is_an_error_with_reasons(corpus, tmp_path):
    def spoil(tables):
        tables["video.scp"]["spk0-000"] = "nowhere.mp4"

    data_dir = changed_tables(corpus, tmp_path / "data", spoil)
    with pytest.raises(DroppedTooManyError, match=r"1 of 5 utterances dropped \(1 unreadable\)"):
        run(data_dir, tmp_path / "roi")
    assert "nowhere.mp4" in (tmp_path / "roi" / "dropped.tsv").read_text()


def test_segments_cut_recordings(corpus, tmp_path):
    tables = {
        "video.scp": {"rec": read_data_dir(corpus).get("video.scp", "spk0-000")},
        "landmarks.scp": {"rec": read_data_dir(corpus).get("landmarks.scp", "spk0-000")},
        "utt2spk": {"a-1": "a", "a-2": "a"},
        "segments": {"a-1": "rec 0.00 0.08", "a-2": "rec 0.08 0.24"},
    }
    write_data_dir(tmp_path / "data", tables)
    clips = run(tmp_path / "data", tmp_path / "roi")
    assert [clip.num_frames for clip in clips.values()] == [2, 4]


def test_utterances_without_video_are_left_alone(corpus, tmp_path):
    data_dir = changed_tables(
        corpus, tmp_path / "data", lambda tables: tables["video.scp"].pop("spk0-000")
    )
    assert len(run(data_dir, tmp_path / "roi")) == NUM_CLIPS - 1
    data_dir = changed_tables(corpus, tmp_path / "none", lambda tables: tables.pop("video.scp"))
    assert plan_roi(data_dir, tmp_path / "roi", CONFIG) == []


def test_fallback_finds_what_has_no_landmarks(corpus, tmp_path):
    def spoil(tables):
        del tables["landmarks.scp"]["spk1-001"]

    expected = run(corpus, tmp_path / "roi")
    data_dir = changed_tables(corpus, tmp_path / "data", spoil)
    config = dataclasses.replace(CONFIG, fallback="fixed", fixed_crop=(0.5, 0.5, 0.5))
    clips = run(data_dir, tmp_path / "mixed", config)
    assert list(clips) == list(expected)
    for utt_id, clip in clips.items():
        path, _, offset = clip.pointer.rpartition(":")
        ours = read_clip(f"{tmp_path}/mixed/{path}:{offset}")
        theirs = read_clip(f"{tmp_path}/roi/{path}:{offset}")
        assert np.array_equal(ours, theirs) == (utt_id != "spk1-001")
    none = changed_tables(corpus, tmp_path / "none", lambda tables: tables.pop("landmarks.scp"))
    assert len(run(none, tmp_path / "found", config)) == NUM_CLIPS


def test_precomputed_without_any_landmarks(corpus, tmp_path):
    data_dir = changed_tables(corpus, tmp_path / "data", lambda tables: tables.pop("landmarks.scp"))
    with pytest.raises(ConfigError, match=r"landmarks\.scp: missing"):
        run(data_dir, tmp_path / "roi")


def test_report_for_people(corpus, tmp_path):
    run(corpus, tmp_path)
    rows = (tmp_path / "tracking.tsv").read_text().splitlines()
    assert rows[:2] == ["utt_id\tframes\tdetected\tshare", "spk0-000\t6\t6\t1.0000"]
    sheet = cv2.imread(str(tmp_path / "contact_sheet.png"), cv2.IMREAD_GRAYSCALE)
    # Two rows of cells under a title; four cells of three pictures a row.
    assert sheet.shape == (16 + 2 * (16 + 96 + 6), 4 * (3 * 96 + 6))
    first = read_clip(f"{tmp_path}/video.000001.ark:9")[1]
    assert np.array_equal(sheet[32:128, :96], first)


def test_notes_are_a_column_where_there_are_any(corpus, tmp_path, monkeypatch):
    extract = roi_shard.extract_roi

    def noted(path, *arguments, **options):
        note = "2 faces: one" if "spk1-001" in path else ""
        return dataclasses.replace(extract(path, *arguments, **options), note=note)

    monkeypatch.setattr(roi_shard, "extract_roi", noted)
    run(corpus, tmp_path)
    rows = [line.split("\t") for line in (tmp_path / "tracking.tsv").read_text().splitlines()]
    assert rows[0][4:] == ["note"]
    assert {row[0]: row[4] for row in rows[1:]} == {
        utt_id: "2 faces: one" if utt_id == "spk1-001" else "-"
        for utt_id in read_data_dir(corpus).utt_ids
    }


def test_a_face_in_few_frames_has_its_own_reason(corpus, tmp_path):
    def spoil(tables):
        points = [None] * 6
        points[2] = face_points(1)[0]
        (tmp_path / "few.pkl").write_bytes(pickle.dumps(points))
        tables["landmarks.scp"]["spk1-001"] = str(tmp_path / "few.pkl")

    data_dir = changed_tables(corpus, tmp_path / "data", spoil)
    lenient = dataclasses.replace(CONFIG, max_dropped_ratio=0.5)
    run(data_dir, tmp_path / "roi", lenient)
    rows = (tmp_path / "roi" / "dropped.tsv").read_text().splitlines()
    assert [row.split("\t")[:2] for row in rows[1:]] == [["spk1-001", "face_seldom_seen"]]
    assert len(run(data_dir, tmp_path / "all", dataclasses.replace(lenient, min_share=0.0))) == 5


def test_listed_faces_reach_the_tracker_and_the_fingerprint(corpus, tmp_path, monkeypatch):
    def place(value):
        def change(tables):
            tables["utt2face"] = {"spk0-000": value}

        return changed_tables(corpus, tmp_path / value[:3], change)

    asked = []
    extract = roi_shard.extract_roi

    def noted(path, config, start, end, landmarks, face):
        asked.append((path.rpartition("/")[2], face))
        return extract(path, config, start, end, landmarks, face)

    monkeypatch.setattr(roi_shard, "extract_roi", noted)
    run(place("0.25 0.5"), tmp_path / "roi")
    assert sorted(asked)[0] == ("spk0-000.mp4", (0.25, 0.5))
    assert [face for _, face in asked].count(None) == NUM_CLIPS - 1
    asked.clear()
    run(place("0.25 0.5"), tmp_path / "roi")
    assert asked == []
    run(place("0.75 0.5"), tmp_path / "roi")
    assert ("spk0-000.mp4", (0.75, 0.5)) in asked and len(asked) == 2


def test_worst_tracked_come_first(tmp_path):
    from espnet_av.data.ark import ArkWriter
    from espnet_av.roi.report import write_contact_sheet
    from espnet_av.roi.shard import Tracked

    clips = {}
    with ArkWriter(tmp_path / "video.000001.ark") as ark:
        for index in range(60):
            frames = np.full((3, 96, 96), 4 * index, np.uint8)
            pointer = ark.write_clip(f"u-{index:02d}", frames, "raw")
            clips[f"u-{index:02d}"] = Tracked(pointer, 3, 0 if index == 37 else 3)
    write_contact_sheet(tmp_path, clips)
    sheet = cv2.imread(str(tmp_path / "contact_sheet.png"), cv2.IMREAD_GRAYSCALE)
    assert (sheet[32:128, :96] == 4 * 37).all()
    assert sheet.shape[0] == 2 * 16 + 12 * (16 + 96 + 6)


def test_record_is_plain_json(corpus, tmp_path):
    run(corpus, tmp_path)
    record = json.loads((tmp_path / "shards" / "000003.json").read_text())
    assert record["clips"]["spk1-003"][1:] == [6, 6]


def test_bytes_of_a_part_are_those_of_its_seconds(corpus, tmp_path):
    def cut(tables):
        name = sorted(tables["video.scp"])[0]
        speaker = next(iter(tables["utt2spk"].values()))
        tables.clear()
        tables |= {
            "video.scp": {name: read_data_dir(corpus).tables["video.scp"][name]},
            "segments": {f"{speaker}-a": f"{name} 0.4 0.8", f"{speaker}-b": f"{name} 0 0.8"},
            "utt2spk": {f"{speaker}-a": speaker, f"{speaker}-b": speaker},
        }

    (shard,) = plan_roi(
        changed_tables(corpus, tmp_path / "data", cut), tmp_path / "roi", RoiConfig(encoding="raw")
    )
    part, twice = map(shard.expected_bytes, shard.utt_ids)
    assert part == pytest.approx(0.4 * 25 * 96 * 96)
    assert twice == pytest.approx(2 * part)
