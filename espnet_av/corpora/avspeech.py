"""AVSpeech (Ephrat et al. 2018): a list of stretches of YouTube videos with one visible speaker."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.data.face_place import FacePlace, parse_place
from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text

SPLITS = ("train", "test")
PUBLISHED_SUM = PublishedSize(hours=4700)
"""Hours of both lists together, about (arXiv 1804.03619)."""
_SUFFIXES = (".mp4", ".mkv", ".webm")


def prepare_avspeech(
    root: str | Path,
    out_dir: str | Path,
    *,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,test}` from the published lists and the videos one has; no `text`.

    `root/avspeech_{train,test}.csv` has lines `video,start,end,x,y` (seconds; where the speaker's
    face is, in shares of the picture, which `utt2face` tells the roi stage). Videos lie anywhere
    below `root` as `<video>.{mp4,mkv,webm}`, whole, which gives `segments`, or as clips
    `<video>_<start>_<end>.mp4` with the list's own numbers. Ids read
    `avspeech_<video>-<start in ms>-<end in ms>`; the speaker is `avspeech_<video>`.

    Args:
        root: the corpus; one of the lists is enough.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        max_missing_ratio: largest share of stretches that may be missing. Many videos of the list
            are gone from YouTube, so it is likely to need a larger one.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no list, or a line of it is no such line.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    lists = {split: root / f"avspeech_{split}.csv" for split in SPLITS}
    lists = {split: path for split, path in lists.items() if path.is_file()}
    if not lists:
        msg = (
            f"{root}: neither avspeech_train.csv nor avspeech_test.csv; set AVSPEECH= in db.sh to "
            "the folder that holds the lists and the videos"
        )
        raise DataDirError(msg)
    coverage = Coverage("avspeech", total=PUBLISHED_SUM)
    paths = visible_files(root, _SUFFIXES)
    files = {path.stem: path for path in reversed(paths)}
    listed: set[str] = set()
    clips: list[Clip] = []
    for split, path in lists.items():
        clips += _read(path, Part(split, "-"), files, listed, coverage)
    for path in paths:
        if path.stem not in listed:
            coverage.note(make_id(path.stem), "unlisted", "left out", f"{path}: in no list")
        elif path != files[path.stem]:
            detail = f"{path}: {files[path.stem]} is read"
            coverage.note(make_id(path.stem), "same_name", "left out", detail)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: clip.part.split)


def _read(
    path: Path, part: Part, files: dict[str, Path], listed: set[str], coverage: Coverage
) -> Iterator[Clip]:
    """The stretches of one list that have a file; the others are lost. `listed` gets all names."""
    with io.StringIO(read_text(path, DataDirError, "fetch the list again"), newline="") as stream:
        for number, row in enumerate(csv.reader(stream), start=1):
            where = f"{path}:{number}"
            video, start, end = _stretch(row, where)
            speaker = make_id(f"avspeech_{video}")
            utt_id = f"{speaker}-{round(1000 * start):07d}-{round(1000 * end):07d}"
            listed |= {video, f"{video}_{row[1]}_{row[2]}"}
            cut = files.get(f"{video}_{row[1]}_{row[2]}")
            whole = files.get(video)
            if cut is None and whole is None:
                detail = f"{where}: no file named {video} below {path.parent}"
                coverage.lose(part, Problem(utt_id, "missing", DROPPED, detail), "missing")
                continue
            yield Clip(
                utt_id=utt_id,
                speaker=speaker,
                part=part,
                video=cut or whole,
                origin=where,
                recording=None if cut else speaker,
                span=None if cut else (start, end),
                face=_face(row, utt_id, where, coverage),
            )


def _face(row: list[str], utt_id: str, where: str, coverage: Coverage) -> FacePlace | None:
    """The place of the face, if the list has one; what is no place is reported."""
    if not row[3:]:
        return None
    try:
        return parse_place(" ".join(row[3:5]))
    except ValueError:
        detail = f"{where}: '{','.join(row[3:5])}' is no place x,y from 0 to 1"
        coverage.note(utt_id, "no_face_place", "kept, the face will be searched for", detail)
        return None


def _stretch(row: list[str], where: str) -> tuple[str, float, float]:
    try:
        start, end = float(row[1]), float(row[2])
    except (IndexError, ValueError) as error:
        msg = f"{where}: expected 'video,start,end,x,y', found '{','.join(row)}'; fetch the list"
        raise DataDirError(msg + " again") from error
    if not 0 <= start < end:
        msg = f"{where}: start {start} and end {end} are no stretch of a video; fetch the list"
        raise DataDirError(msg + " again")
    return row[0], start, end
