"""A file that is fetched again is read again, whatever its size and time; a touched one is not."""

import json
import os

import numpy as np
import pytest
import soundfile
from media_samples import make_clip_corpus

from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.stage import finish_roi, plan_roi

ROI = RoiConfig(tracker="precomputed", shard_utts=2, encoding="raw", max_dropped_ratio=1.0)
DUMP = DumpConfig(shard_utts=2, max_dropped_ratio=1.0, min_duration=0.1)


def run_roi(root):
    shards = plan_roi(root / "data", root / "roi", ROI)
    times = [shard.record_path.stat().st_mtime_ns for shard in shards if shard.read_record()]
    write_shards(shards, 1, 1)
    made = [shard.record_path.stat().st_mtime_ns for shard in shards]
    return finish_roi(shards), len(set(made) - set(times))


def run_dump(root):
    shards = plan_dump(root / "data", root / "roi", root / "dump", DUMP)
    times = [shard.record_path.stat().st_mtime_ns for shard in shards if shard.read_record()]
    write_shards(shards, 1, 1)
    made = [shard.record_path.stat().st_mtime_ns for shard in shards]
    return finish_dump(shards), len(set(made) - set(times))


def damage(path):
    """Bytes of the middle turned over: the size stays."""
    whole = path.read_bytes()
    bad = bytearray(whole)
    for place in range(len(bad) // 4, len(bad) // 2, 20):
        bad[place] ^= 0xFF
    path.write_bytes(bad)
    return whole


def put_back(path, content, keep_time):
    before = path.stat()
    path.write_bytes(content)
    if keep_time:
        # As wget, rsync and tar do, which give a file the time of its source.
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("keep_time", [False, True])
@pytest.mark.parametrize("is_old", [False, True])
def test_a_film_of_the_same_size_is_tracked_again(tmp_path, keep_time, is_old):
    make_clip_corpus(tmp_path, 4)
    film = tmp_path / "media/spk1-001.mp4"
    whole = damage(film)
    clips, _ = run_roi(tmp_path)
    assert "spk1-001" not in clips and len(clips) == 3
    assert "fetch it again" in (tmp_path / "roi/dropped.tsv").read_text()
    named = (tmp_path / "roi/to_fetch.txt").read_text().splitlines()
    assert named == [str(film), str(film.with_suffix(".pkl"))]
    assert run_roi(tmp_path)[1] == 0, "nothing is made anew before"
    if is_old:
        forget_sources(tmp_path / "roi")
        assert run_roi(tmp_path)[1] == 0
    put_back(film, whole, keep_time)
    clips, num_made = run_roi(tmp_path)
    assert len(clips) == 4 and num_made == 1
    assert (tmp_path / "roi/to_fetch.txt").read_text() == ""
    dump, _ = run_dump(tmp_path)
    assert len(dump.utt_ids) == 4


def forget_sources(folder):
    """Records as they were before."""
    for path in (folder / "shards").glob("*.json"):
        content = json.loads(path.read_text())
        for name in ("sources", "checksum"):
            content.pop(name, None)
        path.write_text(json.dumps(content))


@pytest.mark.parametrize("name", ["a.flac", "a.wav"])
def test_sound_of_the_same_size_is_packed_again(tmp_path, name):
    samples = np.random.default_rng(0).uniform(-0.3, 0.3, 16000)
    other = np.random.default_rng(1).uniform(-0.3, 0.3, 16000)
    soundfile.write(tmp_path / name, samples, 16000, "PCM_16")
    sound = (tmp_path / name).read_bytes()
    if name == "a.flac":
        damage(tmp_path / name)
    else:
        soundfile.write(tmp_path / name, other, 16000, "PCM_16")
    soundfile.write(tmp_path / "good.wav", other, 16000)
    files = {"s-a": str(tmp_path / name), "s-b": str(tmp_path / "good.wav")}
    write_data_dir(tmp_path / "data", {"wav.scp": files, "utt2spk": dict.fromkeys(files, "s")})
    run_dump(tmp_path)
    damaged = (tmp_path / "dump/to_fetch.txt").read_text()
    assert damaged == (f"{tmp_path / name}\n" if name == "a.flac" else "")
    put_back(tmp_path / name, sound, True)
    dump, num_made = run_dump(tmp_path)
    assert dump.utt_ids == ["s-a", "s-b"] and num_made == 1


def test_other_clips_of_the_same_size_are_packed_again(tmp_path):
    """Uncompressed clips of another film have the size of those before, and the same places."""
    make_clip_corpus(tmp_path, 2)
    run_roi(tmp_path)
    run_dump(tmp_path)
    one, two = (tmp_path / f"media/spk{k}-00{k}.mp4" for k in (0, 1))
    one.write_bytes(two.read_bytes())
    assert run_roi(tmp_path)[1] == 1
    before = (tmp_path / "dump/video.000001.ark").read_bytes()
    assert run_dump(tmp_path)[1] == 1
    assert (tmp_path / "dump/video.000001.ark").read_bytes() != before


def test_touched_and_moved_files_are_the_same(tmp_path):
    make_clip_corpus(tmp_path, 4)
    damage(tmp_path / "media/spk1-001.mp4")
    run_roi(tmp_path)
    run_dump(tmp_path)
    for path in (tmp_path / "media").iterdir():
        copy = path.with_suffix(".copy")
        copy.write_bytes(path.read_bytes())
        copy.replace(path)
        path.chmod(0o600)
    assert run_roi(tmp_path)[1] == 0 and run_dump(tmp_path)[1] == 0


def test_a_film_that_comes_at_last(tmp_path):
    make_clip_corpus(tmp_path, 2)
    film = tmp_path / "media/spk1-001.mp4"
    content = film.read_bytes()
    film.unlink()
    assert list(run_roi(tmp_path)[0]) == ["spk0-000"]
    assert str(film) in (tmp_path / "roi/to_fetch.txt").read_text()
    film.write_bytes(content)
    assert len(run_roi(tmp_path)[0]) == 2


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    make_clip_corpus(tmp_path, 2)
    films = sorted((tmp_path / "media").glob("*.mp4"))
    (shard,) = plan_roi(tmp_path / "data", tmp_path / "roi", ROI)
    shard.write(lambda: films[0].chmod(0o600))
    assert shard.read_record() is None
    shard.write(lambda: None)
    assert shard.read_record() is not None
