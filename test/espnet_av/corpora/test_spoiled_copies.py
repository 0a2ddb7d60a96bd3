"""Copies with every fault at once: the reports name and count each, and the rest stays whole.

MuAViC and LRS3 have theirs in `test/faults/test_corpus_faults.py`, with the roi and dump stages.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from corpora_fixtures import clips
from corpora_fixtures.clips import mp4, packed_sound, put, report, wav
from corpora_fixtures.faces_and_voices import (
    FLEURS_TEXTS,
    VOLUNTEERS,
    VOX_CLIPS,
    build_common_voice,
    build_fleurs,
    build_musan,
    build_voxceleb2,
    write_avspeech_list,
)
from media_samples import face_points

from espnet_av.corpora import load_prepare
from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.errors import DroppedTooManyError

Counts = tuple[int, int, int, int, int]
OUTCOMES = ("found", "incomplete", "missing", "unreadable", "unusable")


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A whole copy, what spoils it, and what the reports must say then."""

    corpus: str
    root: Path
    spoil: Callable[[], None]
    problems: list[tuple[str, str, str]]
    """Utterance, reason and action of every line of `prepare_report.tsv`."""
    counts: dict[tuple[str, str], Counts]
    """Split and language -> clips of each of OUTCOMES in `coverage.tsv`."""
    options: dict[str, Any] = field(default_factory=dict)

    def prepare(self, out_dir: Path, max_missing_ratio: float) -> dict[str, DataDir]:
        load_prepare(self.corpus)(
            self.root, out_dir, max_missing_ratio=max_missing_ratio, num_jobs=1, **self.options
        )
        return {path.name: read_data_dir(path) for path in out_dir.iterdir() if path.is_dir()}


def voxceleb2(tmp_path: Path) -> Copy:
    """All faults of a corpus with video; the list of English clips stands for the transcripts."""
    root, marks = build_voxceleb2(tmp_path / "root"), tmp_path / "marks"
    dev, name = root / "dev", "id00099/vid/{:05d}".format
    for number in range(1, 8):
        put(dev / "mp4" / f"{name(number)}.mp4", mp4())
    put(dev / "aac" / f"{name(1)}.m4a", packed_sound("mp4", "aac"))
    put(dev / "txt" / f"{name(3)}.txt", "Identity : \tid00099\n")
    places = [path.relative_to(root).with_suffix("") for path in sorted(root.rglob("*.mp4"))]
    for place in places:
        points = marks / Path(*(part for part in place.parts if part != "mp4"))
        put(points.with_suffix(".pkl"), pickle.dumps(face_points(10)))
    english = put(tmp_path / "vox-en.id", "".join(f"{place}.mp4\n" for place in places))

    def spoil() -> None:
        for number in (1, 2, 3):
            (dev / "mp4" / f"{name(number)}.mp4").unlink()
        (marks / "dev" / f"{name(4)}.pkl").unlink()
        put(dev / "mp4" / f"{name(5)}.mp4", mp4()[:500])
        put(dev / "mp4" / f"{name(6)}.mp4", mp4(fps=29.97))
        put(dev / "mp4" / f"{name(7)}.mp4", mp4(sound=False))
        put(dev / "mp4" / f"{name(8)}.mp4", mp4())
        put(dev / "mp4" / "id00099" / "vid" / "._00001.mp4", b"twin of a Mac")

    utt = "id00099-vid-{:05d}".format
    return Copy(
        corpus="voxceleb2",
        root=root,
        options={"english_list": english, "landmarks_dir": marks},
        spoil=spoil,
        problems=[
            (utt(1), "missing_video", "kept, sound alone"),
            (utt(2), "missing", "dropped"),
            (utt(3), "missing", "dropped"),
            (utt(4), "no_landmarks", "kept without landmarks"),
            (utt(5), "unreadable", "dropped"),
            (utt(6), "odd_frame_rate", "kept, read at 25 frames/s"),
            (utt(7), "no_sound", "kept, picture alone"),
            (utt(8), "unlisted", "left out"),
        ],
        counts={
            ("dev", "en"): (len(VOX_CLIPS["dev"]) + 2, 2, 2, 1, 0),
            ("test", "en"): (len(VOX_CLIPS["test"]), 0, 0, 0, 0),
        },
    )


def avspeech(tmp_path: Path) -> Copy:
    """All faults but missing landmarks, as the corpus has none: a file without picture instead.

    A line of the list stands for a transcript: one past the end of its video has no clip.
    """
    root, names = tmp_path / "root", ("good", "gone", "mute", "bad", "odd", "short", "blind")
    write_avspeech_list(root, "train", [(name, 0.04, 0.32) for name in names]
                        + [(name, 0.32, 0.4) for name in names])  # fmt: skip
    write_avspeech_list(root, "test", [("cut", 7.5, 7.9), ("cut", 9.0, 9.4)])
    for name in (*names, "cut_7.500000_7.900000", "cut_9.000000_9.400000"):
        put(root / "videos" / f"{name}.mp4", mp4())

    def spoil() -> None:
        videos = root / "videos"
        (videos / "gone.mp4").unlink()
        put(videos / "mute.mp4", mp4(sound=False))
        put(videos / "bad.mp4", mp4()[:500])
        put(videos / "odd.mp4", mp4(fps=30))
        put(videos / "short.mp4", mp4(0.12))
        put(videos / "blind.mp4", packed_sound("mp4", "aac"))
        put(videos / "cut_9.000000_9.400000.mp4", b"")
        put(videos / "good.webm", mp4())
        put(videos / "unknown.mkv", mp4())

    lines = ("0000040-0000320", "0000320-0000400")
    both = [
        ("gone", "missing", "dropped"),
        ("mute", "no_sound", "kept, picture alone"),
        ("bad", "unreadable", "dropped"),
        ("odd", "odd_frame_rate", "kept, read at 25 frames/s"),
        ("blind", "unreadable_video", "kept, sound alone"),
    ]
    return Copy(
        corpus="avspeech",
        root=root,
        spoil=spoil,
        problems=[
            *((f"avspeech_{name}-{line}", *why) for line in lines for name, *why in both),
            ("avspeech_short-0000040-0000320", "cut_by_end", "kept, shorter"),
            ("avspeech_short-0000320-0000400", "beyond_end", "dropped"),
            ("avspeech_cut-0009000-0009400", "unreadable", "dropped"),
            ("good", "same_name", "left out"),
            ("unknown", "unlisted", "left out"),
        ],
        counts={("train", "-"): (5, 4, 2, 2, 1), ("test", "-"): (1, 0, 0, 1, 0)},
    )


def fleurs(tmp_path: Path) -> Copy:
    """No video: missing and corrupt sound and an odd sample rate; packed beside unpacked sound."""
    root = build_fleurs(tmp_path / "root", ["es_419"])
    folder = root / "data" / "es_419"
    audio = folder / "audio"

    def spoil() -> None:
        (audio / "train" / "train10000.wav").unlink()
        put(audio / "train" / "train10001.wav", wav()[:3000])
        put(audio / "dev" / "dev10000.wav", wav(fs=44100))
        put(audio / "dev" / "dev777.wav", wav())
        put(audio / "dev.tar.gz", b"left there when it was unpacked")
        text = (folder / "test.tsv").read_text()
        row = "\t".join(["2", "test10009.wav", "Hola.", "hola", "h o l a", "6400", "MALE"])
        put(folder / "test.tsv", text.replace(FLEURS_TEXTS[1], " ") + row + "\n")

    return Copy(
        corpus="fleurs",
        root=root,
        options={"languages": ["es"]},
        spoil=spoil,
        problems=[
            ("fleurs_es_train10000", "missing", "dropped"),
            ("fleurs_es_train10001", "unreadable", "dropped"),
            ("fleurs_es_dev10000", "odd_sample_rate", "kept, resampled"),
            ("fleurs_es_dev777", "unlisted", "left out"),
            ("fleurs_es_test10002", "no_text", "dropped"),
            ("fleurs_es_test10009", "missing", "dropped"),
        ],
        counts={
            ("train", "es"): (1, 0, 1, 1, 0),
            ("dev", "es"): (3, 0, 0, 0, 0),
            ("test", "es"): (2, 0, 1, 0, 1),
        },
    )


def common_voice(tmp_path: Path) -> Copy:
    """No video: as FLEURS, but clips that only other lists of the release name are no fault."""
    root = build_common_voice(tmp_path / "root", ["de", "pt"])
    folder = root / "de"

    def spoil() -> None:
        (folder / "clips" / "common_voice_de_00.mp3").unlink()
        put(folder / "clips" / "common_voice_de_01.mp3", packed_sound("mp3", "mp3")[:900])
        put(folder / "clips" / "common_voice_de_10.mp3", packed_sound("mp3", "mp3", fs=22050))
        for name in ("98", "99"):
            put(folder / "clips" / f"common_voice_de_{name}.mp3", packed_sound("mp3", "mp3"))
        put(folder / "other.tsv", "client_id\tpath\tsentence\nx\tcommon_voice_de_98.mp3\ty\n")
        put(folder / "clip_durations.tsv", "clip\tduration[ms]\ncommon_voice_de_99.mp3\t400\n")
        text = (folder / "dev.tsv").read_text()
        put(folder / "dev.tsv", text.replace('Ein "Satz 1', ""))
        # Early releases name files without their suffix.
        text = (folder / "test.tsv").read_text().replace(".mp3", "")
        put(folder / "test.tsv", text + f"{VOLUNTEERS[0]}\tcommon_voice_de_29\t7\tJa\t2\tde\n")

    speakers = [f"cv_de_{name[:16]}" for name in VOLUNTEERS]
    return Copy(
        corpus="common_voice",
        root=root,
        spoil=spoil,
        problems=[
            (f"{speakers[0]}-common_voice_de_00", "missing", "dropped"),
            (f"{speakers[1]}-common_voice_de_01", "unreadable", "dropped"),
            (f"{speakers[0]}-common_voice_de_10", "odd_sample_rate", "kept, resampled"),
            (f"{speakers[1]}-common_voice_de_11", "no_text", "dropped"),
            (f"{speakers[0]}-common_voice_de_29", "missing", "dropped"),
            ("cv_de_common_voice_de_99", "unlisted", "left out"),
        ],
        counts={
            ("train", "de"): (0, 0, 1, 1, 0),
            ("dev", "de"): (1, 0, 0, 0, 1),
            ("test", "de"): (2, 0, 1, 0, 0),
            **{(split, "pt"): (2, 0, 0, 0, 0) for split in ("train", "dev", "test")},
        },
    )


def musan(tmp_path: Path) -> Copy:
    """No video and no text: `LICENSE` and `ANNOTATIONS` say which sounds there should be."""
    root = build_musan(tmp_path / "root")

    def spoil() -> None:
        (root / "music" / "fma" / "music-fma-0001.wav").unlink()
        put(root / "noise" / "free-sound" / "noise-free-sound-0000.wav", b"RIFFxxxx")
        put(root / "noise" / "free-sound" / "noise-free-sound-0001.wav", wav(fs=8000))
        put(root / "noise" / "free-sound" / "noise-free-sound-0009.wav", wav())
        with (root / "speech" / "librivox" / "LICENSE").open("a") as stream:
            stream.write("speech-librivox-0007 public domain\n")

    return Copy(
        corpus="musan",
        root=root,
        spoil=spoil,
        problems=[
            ("music-fma-0001", "missing", "dropped"),
            ("noise-free-sound-0000", "unreadable", "dropped"),
            ("noise-free-sound-0001", "odd_sample_rate", "kept, resampled"),
            ("noise-free-sound-0009", "unlisted", "kept"),
            ("speech-librivox-0007", "missing", "dropped"),
        ],
        counts={
            ("music", "-"): (1, 0, 1, 0, 0),
            ("speech", "-"): (2, 0, 1, 0, 0),
            ("noise", "-"): (2, 0, 0, 1, 0),
        },
    )


@pytest.fixture(params=[voxceleb2, avspeech, fleurs, common_voice, musan], ids=lambda f: f.__name__)
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Copy:
    made: Copy = request.param(tmp_path)
    return made


def test_every_fault_is_named_and_the_rest_is_whole(copy: Copy, tmp_path: Path) -> None:
    before = copy.prepare(tmp_path / "whole", 0.0)
    assert report(tmp_path / "whole") == []
    copy.spoil()
    after = copy.prepare(tmp_path / "spoiled", 1.0)
    assert sorted(report(tmp_path / "spoiled")) == sorted(copy.problems)
    lines = (tmp_path / "spoiled" / "prepare_report.tsv").read_text().splitlines()[1:]
    assert all(f"{tmp_path}/" in line.split("\t")[3] for line in lines), "details name a file"
    assert (tmp_path / "whole/to_fetch.txt").read_text() == ""
    to_fetch = set((tmp_path / "spoiled/to_fetch.txt").read_text().splitlines())
    details = [line.split("\t")[3] for line in lines]
    faults = (": not readable as", ": the file ends early", ": the file is empty")
    damaged = {d.partition(": ")[0] for d in details if any(fault in d for fault in faults)}
    assert damaged and damaged <= to_fetch
    rows = clips.coverage(tmp_path / "spoiled")
    rows.pop(("all", "all"))
    assert {part: tuple(int(row[name]) for name in OUTCOMES) for part, row in rows.items()} == (
        copy.counts
    )
    dropped = {utt_id for utt_id, _, action in copy.problems if action == "dropped"}
    named = {utt_id for utt_id, _, _ in copy.problems}
    for name, whole in before.items():
        left = after.get(name, DataDir(tmp_path, {}))
        assert set(whole.utt_ids) - dropped <= set(left.utt_ids)
        assert set(left.utt_ids) <= (set(whole.utt_ids) - dropped) | named
        for utt_id in set(whole.utt_ids) - named:
            assert _rows(left, utt_id) == _rows(whole, utt_id)
    assert set(after) <= set(before)
    kept = sum(found + incomplete for found, incomplete, *_ in copy.counts.values())
    assert sum(len(data.utt_ids) for data in after.values()) == kept


def test_more_faults_than_allowed_are_an_error(copy: Copy, tmp_path: Path) -> None:
    copy.spoil()
    total = sum(map(sum, copy.counts.values()))
    lost = total - sum(found for found, *_ in copy.counts.values())
    with pytest.raises(DroppedTooManyError, match=rf"prepare_report\.tsv: {lost} of {total} clips"):
        copy.prepare(tmp_path / "data", (lost - 0.5) / total)
    # The report is there to look at; no set is there to be used by mistake.
    assert sorted(report(tmp_path / "data")) == sorted(copy.problems)
    assert not [path for path in (tmp_path / "data").iterdir() if path.is_dir()]
    assert copy.prepare(tmp_path / "data", (lost + 0.5) / total)


def _rows(data: DataDir, utt_id: str) -> dict[str, str]:
    names = (utt_id, data.recording(utt_id)[0])
    return {
        table: rows[name] for table, rows in data.tables.items() for name in names if name in rows
    }
