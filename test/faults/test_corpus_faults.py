"""Copies of corpora with every fault at once: the reports of stages 1 to 3 name each of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from corpora_fixtures.clips import mp4, put, report
from corpora_fixtures.lrs3 import VIDEOS, build_lrs3, clip_text, write_lrs3_landmarks
from corpora_fixtures.muavic import TALKS, build_muavic
from media_samples import cut_file, face_points, indexed_first

from espnet_av.bin import dump, roi
from espnet_av.corpora.lrs3 import prepare_lrs3
from espnet_av.corpora.muavic import prepare_muavic
from espnet_av.data.data_dir import read_data_dir

ROI = "tracker: precomputed\nfallback: haar\nmax_dropped_ratio: 1.0\n"
DUMP = "min_duration: 0.1s\nrequire: any\nmax_dropped_ratio: 1.0\n"


class Damaged(NamedTuple):
    """Data dirs of a damaged copy, and what the reports must say."""

    data: Path
    prepared: set[tuple[str, str]]
    """Utterance and reason in the report of stage 1."""
    dropped: dict[str, str]
    """Utterance -> start of the reason in the `dropped.tsv` of stages 2 and 3, set `train`."""


def spoil_inside(path: Path) -> None:
    """Leave the header and its promise, and cut the film off behind it."""
    whole = indexed_first(path, path.with_name("whole.mp4"))
    content = whole.read_bytes()
    start = content.index(b"mdat") + 4
    path.write_bytes(content[:start] + bytes(len(content) - start))
    whole.unlink()


def damaged_muavic(tmp_path: Path) -> Damaged:
    root = build_muavic(tmp_path / "root", ["de"])
    talk = TALKS["train"][0]
    base = root / "muavic" / "de"
    clips, sounds = base / "video" / "train" / talk, base / "audio" / "train" / talk
    (clips / f"{talk}_0000.mp4").unlink()
    spoil_inside(clips / f"{talk}_0001.mp4")
    put(clips / f"{talk}_0002.mp4", mp4(fps=30))
    put(clips / f"{talk}_0009.mp4", mp4())
    (root / "metadata" / "de" / "train" / "talk7.pkl").unlink()
    for folder, suffix in (("video", "mp4"), ("audio", "wav")):
        (base / folder / "train" / "talk7" / f"talk7_0000.{suffix}").unlink()
    cut_file(
        base / "video" / "train" / "talk7" / "talk7_0001.mp4", tmp_path / "cut.mp4", 0.5
    ).replace(base / "video" / "train" / "talk7" / "talk7_0001.mp4")
    assert sounds.is_dir()
    prepare_muavic(root, tmp_path / "data", max_missing_ratio=0.5, languages=["de"])
    return Damaged(
        tmp_path / "data",
        {
            (f"de_{talk}-0000", "missing_video"),
            (f"de_{talk}-0002", "odd_frame_rate"),
            (f"de_{talk}_0009", "unlisted"),
            ("de_talk7-0000", "missing"),
            ("de_talk7-0001", "unreadable_video"),
            ("de_talk7-0002", "no_landmarks"),
        },
        # Stripes have no face for the fallback to find.
        {f"de_{talk}-0001": "unreadable", "de_talk7-0002": "no_face"},
    )


def damaged_lrs3(tmp_path: Path) -> Damaged:
    root = build_lrs3(tmp_path / "LRS3", {"trainval": 12})
    marks = write_lrs3_landmarks(root, tmp_path / "marks")
    folder = root / "trainval" / VIDEOS[0]
    names = [f"lrs3_{VIDEOS[0]}-trainval-{number + 1:05d}" for number in range(12)]
    (folder / "00001.mp4").unlink()
    (folder / "00002.txt").unlink()
    spoil_inside(folder / "00003.mp4")
    put(folder / "00004.mp4", mp4(fps=29.97))
    (marks / "trainval" / VIDEOS[0] / "00005.pkl").unlink()
    cut_file(folder / "00006.mp4", folder / "cut", 0.5).replace(folder / "00006.mp4")
    put(folder / "00007.txt", clip_text("{NS}"))
    (marks / "trainval" / VIDEOS[0] / "00008.pkl").write_bytes(pickle.dumps(face_points(3)))
    valid = put(tmp_path / "valid.id", f"{VIDEOS[1]}/00001\n")
    prepare_lrs3(
        root, tmp_path / "data", landmarks_dir=marks, valid_list=valid, max_missing_ratio=0.5
    )
    return Damaged(
        tmp_path / "data",
        {
            (names[0], "missing"),
            (names[1], "no_text"),
            (names[3], "odd_frame_rate"),
            (names[4], "no_landmarks"),
            (names[5], "unreadable"),
            (names[6], "empty_text"),
        },
        {names[2]: "unreadable", names[4]: "no_face", names[7]: "unreadable"},
    )


@pytest.mark.parametrize("damage", [damaged_muavic, damaged_lrs3])
def test_every_fault_is_in_a_report_and_the_rest_is_whole(
    damage: Callable[[Path], Damaged], tmp_path: Path
) -> None:
    damaged = damage(tmp_path)
    assert {fault[:2] for fault in report(damaged.data)} == damaged.prepared
    configs = {"roi": put(tmp_path / "roi.yaml", ROI), "dump": put(tmp_path / "dump.yaml", DUMP)}
    folders = [str(damaged.data / "train"), str(tmp_path / "roi"), str(tmp_path / "dump")]
    for last in ([], ["--finish"]):
        roi.main(["--config", str(configs["roi"]), *last, *folders[:2]])
    for last in ([], ["--finish"]):
        dump.main(["--config", str(configs["dump"]), *last, *folders])
    dropped = {}
    for stage in ("roi", "dump"):
        lines = (tmp_path / stage / "dropped.tsv").read_text(encoding="utf-8").splitlines()
        dropped |= {line.split("\t")[0]: line.split("\t")[1] for line in lines[1:]}
    assert {utt: reason.split()[0] for utt, reason in dropped.items()} == damaged.dropped
    whole = read_data_dir(tmp_path / "dump")
    prepared = read_data_dir(damaged.data / "train")
    # A clip without a mouth stays for its sound, where that is a file of its own.
    assert set(prepared.utt_ids) - set(whole.utt_ids) <= set(damaged.dropped)
    assert not set(whole.tables["video.scp"]) & set(damaged.dropped)
    for utt_id in set(whole.utt_ids) - set(damaged.dropped):
        assert whole.get("text", utt_id) == prepared.get("text", utt_id)
