"""Faulty utterances among sound ones, through roi and dump: each is reported, the rest is whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from media_samples import make_clip_corpus, textured_frames, tone

from espnet_av.bin import dump, roi, tokens
from espnet_av.data.ark import read_audio_ark, read_clip
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.media.video import write_video

TEXT = "ça va привет 你好"
ROI = "tracker: precomputed\nencoding: raw\nshard_utts: 2\n"
DUMP = "require: both\nmax_dropped_ratio: 0.5\nmin_duration: 0.1s\nmax_mismatch: 0.5s\n"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Four utterances with sound and a transcript, each in an mp4 of its own."""
    path = make_clip_corpus(tmp_path, 4)
    tables = {name: dict(rows) for name, rows in read_data_dir(path).tables.items()}
    for number, (utt_id, file) in enumerate(tables["video.scp"].items()):
        write_video(Path(file), textured_frames(6, seed=number), 25, tone(6 / 25))
        tables.setdefault("wav.scp", {})[utt_id] = file
        tables.setdefault("text", {})[utt_id] = f"{TEXT} {number}"
    write_data_dir(path, tables)
    return path


def run(data_dir: Path, name: str) -> DataDir:
    """The roi and dump stages as the recipes run them; the dump."""
    root = data_dir.parent
    (root / "roi.yaml").write_text(ROI)
    (root / "dump.yaml").write_text(DUMP)
    roi_dir, dump_dir = str(root / f"roi_{name}"), str(root / f"dump_{name}")
    for stage, folders in ((roi, [roi_dir]), (dump, [roi_dir, dump_dir])):
        options = ["--config", str(root / f"{stage.__name__.rpartition('.')[2]}.yaml")]
        options += [str(data_dir), *folders]
        stage.main(options)
        stage.main(["--finish", *options])
    return read_data_dir(Path(dump_dir))


def content(data: DataDir, utt_id: str) -> tuple[bytes, bytes, str | None]:
    """Sound, clip and transcript of an utterance."""
    wave, _ = read_audio_ark(str(data.locate("wav.scp", utt_id)))
    clip = read_clip(str(data.locate("video.scp", utt_id)))
    return np.ascontiguousarray(wave).tobytes(), clip.tobytes(), data.get("text", utt_id)


def test_film_without_sound_is_reported_and_the_others_are_whole(data_dir: Path) -> None:
    sound = run(data_dir, "sound")
    mute, *others = sound.utt_ids
    assert len(others) == 3
    file = Path(read_data_dir(data_dir).tables["video.scp"][mute])
    write_video(file, textured_frames(6), 25)
    faulty = run(data_dir, "faulty")
    (line,) = (faulty.path / "dropped.tsv").read_text().splitlines()[1:]
    assert line.startswith(f"{mute}\tunreadable audio\t")
    assert "no audio track (found: video)" in line
    assert faulty.utt_ids == others
    for utt_id in others:
        assert content(faulty, utt_id) == content(sound, utt_id)


def test_transcripts_beyond_ascii_come_out_as_they_went_in(data_dir: Path) -> None:
    dumped = run(data_dir, "sound")
    texts = read_data_dir(data_dir).tables["text"]
    assert len(texts) == 4 and dumped.tables["text"] == texts
    tokens.main([str(dumped.path), str(data_dir.parent / "tokens")])
    tokenizer = Tokenizer.load(data_dir.parent / "tokens")
    for text in texts.values():
        assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("spk0-000 ", "spk0 000 ", "DataDirError: .*text: spk0: not in utt2spk"),
        ("spk0-000 ", "../spk0-000 ", r"DataDirError: .*text:1: bad id '\.\./spk0-000'"),
        ("spk0-002 ", "spk0-000 ", "DataDirError: .*text:2: spk0-000: duplicate id"),
        (f"spk0-000 {TEXT} 0", "spk0-000", "DataDirError: .*text:1: spk0-000: empty transcript"),
    ],
)
def test_broken_data_dir_stops_each_stage_and_leaves_its_output(
    data_dir: Path, old: str, new: str, message: str
) -> None:
    before = snapshot(run(data_dir, "sound").path.parent)
    table = data_dir / "text"
    whole = table.read_text()
    assert old in whole
    table.write_text(whole.replace(old, new))
    with pytest.raises(SystemExit, match=message):
        run(data_dir, "sound")
    assert snapshot(data_dir.parent) == before
    table.write_text(whole)
    run(data_dir, "sound")
    assert snapshot(data_dir.parent) == before


def snapshot(root: Path) -> dict[str, bytes]:
    """Content of every file of the outputs but for the date of the provenance and the times."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for folder in ("roi_sound", "dump_sound")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.name != "provenance.yaml" and "logdir" not in path.parts
    }


KILLED = """
import os, signal, sys
from espnet_av.bin import roi
from espnet_av.data.ark import ArkWriter
write = ArkWriter.write_clip
def die(self, utt_id, *rest):
    pointer = write(self, utt_id, *rest)
    if utt_id == "spk1-001":
        self._stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    return pointer
ArkWriter.write_clip = die
roi.main(sys.argv[1:])
"""


def test_killed_roi_worker_loses_nothing(data_dir: Path, repo_root: Path) -> None:
    root = data_dir.parent
    (root / "roi.yaml").write_text(ROI)
    arguments = ["--config", str(root / "roi.yaml"), str(data_dir), str(root / "roi_sound")]
    command = [sys.executable, "-c", KILLED, *arguments]
    assert subprocess.run(command, cwd=repo_root, check=False).returncode == -9
    done = root / "roi_sound" / "video.000001.ark"
    first = done.read_bytes()
    assert list((root / "roi_sound").glob(".video.000002.ark.*.tmp"))
    with pytest.raises(SystemExit, match=r"DataDirError: .* shard 2 of 2 is missing"):
        roi.main(["--finish", *arguments])
    run(data_dir, "sound")
    assert done.read_bytes() == first
    assert not list((root / "roi_sound").rglob("*.tmp"))
    resumed = snapshot(root)
    shutil.rmtree(root / "roi_sound")
    shutil.rmtree(root / "dump_sound")
    run(data_dir, "sound")
    assert snapshot(root) == resumed
