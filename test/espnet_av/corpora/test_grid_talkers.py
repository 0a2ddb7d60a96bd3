"""Alignments of GRID that lie in another talker's folder."""

from pathlib import Path

import numpy as np
import pytest
from media_samples import numbered_frames

from espnet_av.corpora.grid import prepare_grid
from espnet_av.corpora.grid_files import GridFiles, sentence
from espnet_av.corpora.grid_talkers import place_alignments
from espnet_av.data.data_dir import read_data_dir
from espnet_av.media.video import write_video

NAMES = {
    "s1": ("bbaf2n", "lgwx4p", "pgbyzs", "brat9a"),
    "s2": ("bbaf2n", "swib3s", "prizza", "lwbd1a"),
    "s3": ("sgac5n", "pbwh7a", "lriu2s", "bwaq6p"),
}


def files_of(clips: dict[str, tuple[str, ...]], aligns: dict[str, tuple[str, ...]]):
    """`aligns`: folder -> the talker whose alignments are in it."""
    files: dict[str, GridFiles] = {}
    for talker, names in clips.items():
        for name in names:
            files[f"{talker}-{name}"] = GridFiles(talker, name, video=Path(f"{talker}/{name}.mpg"))
    for folder, names in aligns.items():
        for name in names:
            key, path = f"{folder}-{name}", Path(f"align/{folder}/{name}.align")
            files[key] = files.get(key, GridFiles(folder, name))._replace(align=path)
    return files


@pytest.mark.parametrize(
    ("clips", "owners"),
    [
        (("s1", "s2"), {"s1": "s2", "s2": "s1"}),
        (("s1", "s2", "s3"), {"s1": "s2", "s2": "s3", "s3": "s1"}),
        (("s1", "s2"), {"s3": "s2", "s1": "s1"}),
    ],
)
def test_exchanged_folders_are_given_back(clips, owners):
    files = files_of({t: NAMES[t] for t in clips}, {f: NAMES[o] for f, o in owners.items()})
    placed, misplaced = place_alignments(files)
    assert {(item.talker, item.owner) for item in misplaced} == {
        (folder, owner) for folder, owner in owners.items() if folder != owner
    }
    assert sorted(placed) == sorted(f"{t}-{name}" for t in clips for name in NAMES[t])
    for folder, owner in owners.items():
        for name in NAMES[owner]:
            assert placed[f"{owner}-{name}"].align == Path(f"align/{folder}/{name}.align")


def test_alignments_of_nobody_are_no_missing_clips():
    """Also the one whose name both talkers happen to have: its times are the other talker's."""
    files = files_of({"s1": NAMES["s1"]}, {"s1": NAMES["s2"]})
    placed, (misplaced,) = place_alignments(files)
    assert (
        misplaced.owner is None and "align/s1: of its 4 names 1 those of s1's" in misplaced.detail
    )
    assert sorted(placed) == sorted(f"s1-{name}" for name in NAMES["s1"])
    assert all(item.align is None for item in placed.values())


@pytest.mark.parametrize(
    ("clips", "aligns"),
    [
        ({"s1": NAMES["s1"][:2]}, {"s1": NAMES["s1"]}),
        ({"s1": NAMES["s1"]}, {"s1": NAMES["s1"][:2]}),
        ({"s1": NAMES["s1"]}, {"s1": NAMES["s1"], "s2": NAMES["s2"]}),
        ({"s2": NAMES["s2"][:1]}, {"s1": NAMES["s1"]}),
        ({}, {"s1": NAMES["s1"]}),
    ],
)
def test_copies_that_are_not_complete_stay_as_they_are(clips, aligns):
    files = files_of(clips, aligns)
    assert place_alignments(files) == (files, [])


def test_exchanged_folders_on_disk(tmp_path):
    root = tmp_path / "GRID"
    other = {"s1": "s2", "s2": "s1"}
    for talker, folder in other.items():
        (root / talker).mkdir(parents=True)
        (root / "align" / folder).mkdir(parents=True)
        write_video(root / talker / "a.mp4", numbered_frames(4), 25, np.zeros(2560))
        for name in NAMES[talker]:
            (root / talker / f"{name}.mp4").hardlink_to(root / talker / "a.mp4")
            start = 1000 if talker == "s1" else 2000
            words = sentence(name).split()
            lines = [f"{start * n} {start * (n + 1)} {word}" for n, word in enumerate(words)]
            (root / "align" / folder / f"{name}.align").write_text("\n".join(lines))
    for split, names in {"train": "bbaf2n", "valid": "lgwx4p\nswib3s", "test": "pgbyzs"}.items():
        (root / f"{split}.list").write_text(names + "\n")
    prepare_grid(root, tmp_path / "data", max_missing_ratio=0.0)
    train = read_data_dir(tmp_path / "data" / "train")
    assert {u: words[0].duration for u, words in train.ctm.items()} == {
        "s1-bbaf2n": 0.04,
        "s2-bbaf2n": 0.08,
    }
    rows = (tmp_path / "data" / "prepare_report.tsv").read_text().splitlines()[1:]
    assert [row.split("\t")[:3] for row in rows[:2]] == [
        ["s1", "align_of_another", "read as those of s2"],
        ["s2", "align_of_another", "read as those of s1"],
    ]
    assert "4 those of s2's clips" in rows[0] and "1 those of s1's clips" in rows[0]
