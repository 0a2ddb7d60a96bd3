"""Headers tell length, rate and damage, by one process or several."""

import os
from pathlib import Path

import pytest
from corpora_fixtures.clips import mp4, packed_sound, put, wav
from media_samples import cut_file, indexed_first

from espnet_av.corpora.parallel import parallel_map
from espnet_av.corpora.probe import probe, probe_all
from espnet_av.errors import MediaError


def test_a_clip(tmp_path):
    media = probe(put(tmp_path / "a.mp4", mp4(0.4, fps=30.0, side=64)))
    assert (media.has_video, media.has_audio, media.error, media.missing) == (True, True, "", False)
    assert (media.fps, media.width) == (30.0, 64)
    assert media.video_sec == pytest.approx(0.4)
    assert media.seconds == pytest.approx(0.4, abs=0.1)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.wav", wav(0.5)), ("a.mp3", packed_sound("mp3", "libmp3lame", 0.5)),
     ("a.m4a", packed_sound("mp4", "aac", 0.5))],
)  # fmt: skip
def test_sound(tmp_path, name, content):
    media = probe(put(tmp_path / name, content))
    assert (media.has_video, media.error) == (False, "")
    assert media.audio_sec == pytest.approx(0.5, abs=0.1)


def test_damage(tmp_path):
    assert probe(tmp_path / "none.mp4").missing
    assert "0 bytes" in probe(put(tmp_path / "empty.mp4", b"")).error
    assert "not readable" in probe(put(tmp_path / "text.mp4", "a text")).error
    assert "not readable" in probe(put(tmp_path / "half.mp4", mp4()[:3000])).error
    assert "ends early" in probe(put(tmp_path / "half.wav", wav()[:3000])).error
    # An MP3 file tells its size behind the tag of its title, whatever the length of that.
    sound = packed_sound("mp3", "libmp3lame", 0.5)
    bare = sound[sound.index(b"\xff\xfb") :]
    for title in (b"", b"ID3\x04\0\0\0\0\x01\x02" + bytes(130)):
        assert probe(put(tmp_path / "a.mp3", title + bare)).error == ""
        assert "ends early" in probe(put(tmp_path / "a.mp3", title + bare[:-200])).error
    # With its index in front a cut file opens; the index then points past the end.
    first = indexed_first(put(tmp_path / "a.mp4", mp4()), tmp_path / "first.mp4")
    assert probe(first).error == ""
    assert "ends early" in probe(cut_file(first, tmp_path / "cut.mp4", 0.8)).error


def test_many_files_by_two_processes(tmp_path):
    path = put(tmp_path / "a.wav", wav())
    names = [path, *(tmp_path / f"none{number}" for number in range(600))]
    headers = probe_all([*names, path], num_jobs=2, desc="test")
    assert set(headers) == set(names)
    assert [item.missing for item in headers.values()].count(True) == 600
    assert headers[path].audio_sec == pytest.approx(0.4)


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257])
def test_results_keep_their_order(count):
    names = [Path(f"/{number}/x") for number in range(count)]
    assert parallel_map(_number, names, num_jobs=1, desc="test") == list(range(count))


def test_a_process_that_dies_is_told_of():
    items = [f"f{number}" for number in range(600)]
    with pytest.raises(MediaError, match=r"test: a process died before .* f\d+; memory may"):
        parallel_map(_die, items, num_jobs=2, desc="test")


def _die(item):
    os._exit(1)


def _number(path):
    return int(path.parent.name)
