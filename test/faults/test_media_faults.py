"""Broken media: each gives a named error or a reported drop, and nothing half-done is trusted."""

import errno
import io
import os
import pickle

import numpy as np
import pytest
import soundfile
from media_samples import (
    cut_file,
    frame_numbers,
    indexed_first,
    make_clip_corpus,
    numbered_frames,
    textured_frames,
    tone,
)

from espnet_av.bin import roi
from espnet_av.data import ark
from espnet_av.data.ark import read_clip
from espnet_av.data.shard_jobs import write_shards
from espnet_av.errors import ArkError, DroppedTooManyError, MediaError
from espnet_av.media.audio import read_audio
from espnet_av.media.track_length import track_seconds
from espnet_av.media.video import read_video, write_video
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.landmarks import load_landmarks
from espnet_av.roi.stage import finish_roi, plan_roi

CONFIG = RoiConfig(tracker="precomputed", shard_utts=2, encoding="raw")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    write_video(folder / "plain.mp4", textured_frames(50), 25, tone(2.0))
    return indexed_first(folder / "plain.mp4", folder / "clip.mp4")


def read_length(path):
    return track_seconds(path, "audio")


@pytest.mark.parametrize("read", [read_video, read_audio, read_length])
def test_missing_file(tmp_path, read):
    with pytest.raises(MediaError, match=r"gone\.mp4: no such file"):
        read(tmp_path / "gone.mp4")


@pytest.mark.parametrize("read", [read_video, read_audio, read_length])
def test_empty_file(tmp_path, read):
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError, match=r"empty\.mp4: the file is empty \(0 bytes\)"):
        read(tmp_path / "empty.mp4")


@pytest.mark.parametrize("read", [read_video, read_audio])
def test_mp4_cut_before_its_index(clip, tmp_path, read):
    path = cut_file(clip.with_name("plain.mp4"), tmp_path / "cut.mp4", 0.6)
    with pytest.raises(MediaError, match=r"cut\.mp4: not readable.*moov"):
        read(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_mp4_cut_after_its_index_says_how_much_there_was(clip, tmp_path, share):
    path = cut_file(clip, tmp_path / "cut.mp4", share)
    with pytest.raises(MediaError, match=r"cut\.mp4: the video track.*\d+ of 50 frames readable"):
        read_video(path)
    with pytest.raises(MediaError, match=r"cut\.mp4: the audio track.*\d+ of \d+ frames readable"):
        read_audio(path)


def test_damaged_bytes_in_the_middle(clip, tmp_path):
    content = bytearray(clip.read_bytes())
    for place in range(len(content) // 3, len(content) // 2, 50):
        content[place] ^= 0xFF
    (tmp_path / "bad.mp4").write_bytes(content)
    with pytest.raises(MediaError, match=r"bad\.mp4: the .* damaged"):
        read_video(tmp_path / "bad.mp4")


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_wave_file_cut_short(tmp_path, name, share):
    soundfile.write(tmp_path / name, tone(4.0), 16000)
    path = cut_file(tmp_path / name, tmp_path / f"cut-{name}", share)
    with pytest.raises(MediaError, match=rf"cut-{name}: .*(readable|ends early)"):
        read_audio(path)


def test_wave_file_of_unknown_size_is_whole(tmp_path):
    """As written to a pipe."""
    soundfile.write(tmp_path / "a.wav", tone(1.0), 16000)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[4:8] = content[40:44] = b"\xff" * 4
    (tmp_path / "a.wav").write_bytes(content)
    assert len(read_audio(tmp_path / "a.wav")) == 16000


def test_no_audio_track(tmp_path):
    write_video(tmp_path / "mute.mp4", textured_frames(5), 25)
    with pytest.raises(MediaError, match=r"mute\.mp4: no audio track \(found: video\)"):
        read_audio(tmp_path / "mute.mp4")


def test_no_video_track(tmp_path):
    soundfile.write(tmp_path / "sound.wav", tone(0.5), 16000)
    with pytest.raises(MediaError, match=r"sound\.wav: no video track \(found: audio\)"):
        read_video(tmp_path / "sound.wav")


def test_file_that_is_no_media(tmp_path):
    (tmp_path / "a.mp4").write_text("a page that says the file has moved")
    with pytest.raises(MediaError, match=r"a\.mp4: not readable as audio or video"):
        read_video(tmp_path / "a.mp4")


def test_wrong_rates_come_out_right(tmp_path):
    """A 30 fps clip with 44.1 kHz sound: 25 fps, 16 kHz, still three seconds."""
    write_video(tmp_path / "a.mp4", numbered_frames(90), 30, tone(3.0, 44100), 44100)
    frames = read_video(tmp_path / "a.mp4", gray=True)
    assert frame_numbers(frames) == [round(1.2 * k - 1e-9) for k in range(75)]
    wave = read_audio(tmp_path / "a.mp4")
    assert abs(len(wave) - 48000) < 1500
    spectrum = np.abs(np.fft.rfft(wave[8000:40000]))
    assert np.argmax(spectrum) * 16000 / 32000 == pytest.approx(440, abs=1)


class Malicious:
    """Runs a command when unpickled without care."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f"touch {self.path}",))


@pytest.mark.parametrize("wrapped", [False, True])
def test_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path, wrapped):
    evil = Malicious(tmp_path / "ran")
    content = {"clip": np.array([evil, None], dtype=object)} if wrapped else [evil]
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(MediaError, match=r"evil\.pkl: refused.*system"):
        load_landmarks(tmp_path / "evil.pkl", "clip")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["eval", "exec", "getattr", "__import__", "open"])
def test_dangerous_builtins_are_refused(tmp_path, name):
    (tmp_path / "a.pkl").write_bytes(f"cbuiltins\n{name}\n.".encode())
    with pytest.raises(MediaError, match=rf"refused.*builtins\.{name}"):
        load_landmarks(tmp_path / "a.pkl")


@pytest.mark.parametrize("content", [b"", b"no pickle at all", pickle.dumps([1, 2, 3])[:-4]])
def test_unreadable_pickle(tmp_path, content):
    (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.pkl: refused as a landmark pickle"):
        load_landmarks(tmp_path / "a.pkl")
    with pytest.raises(MediaError, match=r"b\.pkl: no such landmark file"):
        load_landmarks(tmp_path / "b.pkl")


def test_disk_full_in_mid_shard_leaves_nothing_to_be_trusted(tmp_path, monkeypatch):
    data_dir = make_clip_corpus(tmp_path, 4)
    out_dir = tmp_path / "roi"
    write_shards(plan_roi(data_dir, out_dir, CONFIG), 1, 2)
    first = (out_dir / "video.000001.ark").read_bytes()
    monkeypatch.setattr(ark, "atomic_write", full_disk(ark.atomic_write, after=1000))
    with pytest.raises(ArkError, match=r"shard 2 cannot be written \(No space left"):
        write_shards(plan_roi(data_dir, out_dir, CONFIG), 2, 2)
    monkeypatch.undo()
    assert sorted(path.name for path in out_dir.iterdir()) == [
        "logdir",
        "shards",
        "video.000001.ark",
    ]
    assert [path.name for path in (out_dir / "shards").iterdir()] == ["000001.json"]
    # With space again the run goes on, and what was done stays as it was.
    write_shards(plan_roi(data_dir, out_dir, CONFIG), 1, 1)
    clips = finish_roi(plan_roi(data_dir, out_dir, CONFIG))
    assert len(clips) == 4
    assert (out_dir / "video.000001.ark").read_bytes() == first
    assert all(read_clip(f"{out_dir}/{c.pointer}").shape == (6, 96, 96) for c in clips.values())


def full_disk(atomic_write, after):
    """`atomic_write` whose stream fails after some bytes, as on a full disk."""
    from contextlib import contextmanager

    class Stream(io.RawIOBase):
        def __init__(self, stream):
            self.stream = stream

        def tell(self):
            return self.stream.tell()

        def write(self, data):
            if self.stream.tell() + len(data) > after:
                self.stream.write(data[: after - self.stream.tell()])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.stream.write(data)

    @contextmanager
    def limited(path, mode="w"):
        with atomic_write(path, mode) as stream:
            yield Stream(stream)

    return limited


def test_a_run_over_broken_clips_reports_each(tmp_path, clip, capsys):
    data_dir = make_clip_corpus(tmp_path, 6)
    media = tmp_path / "media"
    cut_file(clip, media / "spk0-000.mp4", 0.5)
    (media / "spk1-001.mp4").write_bytes(b"")
    (media / "spk0-002.pkl").write_bytes(pickle.dumps([None] * 6))
    (media / "spk1-003.pkl").write_bytes(pickle.dumps([Malicious(tmp_path / "ran")]))
    (tmp_path / "roi.yaml").write_text("tracker: precomputed\nmax_dropped_ratio: 0.7\n")
    options = ["--config", str(tmp_path / "roi.yaml"), str(data_dir), str(tmp_path / "roi")]
    roi.main(options)
    roi.main(["--finish", *options])
    assert "2 mouth clips" in capsys.readouterr().out
    rows = [line.rstrip("\n").split("\t") for line in (tmp_path / "roi" / "dropped.tsv").open()]
    assert [row[:2] for row in rows[1:]] == [
        ["spk0-000", "unreadable"],
        ["spk0-002", "no_face"],
        ["spk1-001", "unreadable"],
        ["spk1-003", "unreadable"],
    ]
    assert "frames readable" in rows[1][2]
    assert not (tmp_path / "ran").exists()


def test_nothing_but_faceless_clips(tmp_path):
    data_dir = make_clip_corpus(tmp_path, 2)
    for path in (tmp_path / "media").glob("*.pkl"):
        path.write_bytes(pickle.dumps([None] * 6))
    write_shards(plan_roi(data_dir, tmp_path / "roi", CONFIG), 1, 1)
    with pytest.raises(DroppedTooManyError, match=r"2 of 2 utterances dropped \(2 no_face\)"):
        finish_roi(plan_roi(data_dir, tmp_path / "roi", CONFIG))
