"""Kinetics-600 (Carreira et al. 2018): ten seconds of a video each, and what is done in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from espnet_av.corpora.clip import Clip, FrameKind, make_id, survey, write_sets
from espnet_av.corpora.coverage import Coverage, Part, PublishedSize
from espnet_av.corpora.csv_list import read_csv
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.labels import note_new_labels
from espnet_av.errors import DataDirError

SPLITS = {"train": "train", "val": "valid", "test": "test"}
"""Published name -> ours."""
PUBLISHED = {
    Part("train", "-"): PublishedSize(392_622),
    Part("val", "-"): PublishedSize(30_001),
    Part("test", "-"): PublishedSize(72_924),
}
"""Clips of each list."""
_SUFFIXES = (".mp4", ".mkv", ".webm")
_COLUMNS = ("youtube_id", "time_start", "time_end")


class _Place(NamedTuple):
    """What names a clip: a video and a second of it."""

    video: str
    start: int


def prepare_kinetics600(
    root: str | Path,
    out_dir: str | Path,
    *,
    frames: FrameKind = "full",
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` from a copy of Kinetics-600, as full frames (`film.scp`).

    `root/{train,val,test}/<class>/<video>_<start>_<end>.mp4` are read, or the same without folders
    of classes. Where the lists `root/annotations/{train,val,test}.csv` (or `root/...`) are there,
    they tell the class, and clips that the copy lacks are counted; of videos that are gone there
    are many. `utt2label` is the class. Clips without sound are dropped, as nothing but their frames
    is left. Ids read `kinetics_<video>-<start>`.

    Args:
        root: the corpus.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        frames: full frames, mouth clips (`video.scp`), or both; with the last two, clips without
            sound are kept.
        max_missing_ratio: largest share of clips that may be missing, unreadable or without sound.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no clip below `root`, or a list without the columns.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    coverage = Coverage("kinetics600", PUBLISHED)
    clips = [clip for split in SPLITS for clip in _read(root, split, frames, coverage)]
    if not clips:
        msg = (
            f"{root}: no clip found; expected train/, val/ and test/ with folders of classes and "
            "clips such as <video>_000010_000020.mp4; set KINETICS600= in db.sh to their folder"
        )
        raise DataDirError(msg)
    kept = survey(clips, coverage, num_jobs)
    note_new_labels(kept, ["class"], coverage)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: SPLITS[clip.part.split])


def _read(root: Path, split: str, frames: FrameKind, coverage: Coverage) -> Iterator[Clip]:
    folder, part = root / split, Part(split, "-")
    files: dict[_Place, Path] = {}
    for path in visible_files(folder, _SUFFIXES):
        place = _parse(path.stem)
        if place is None or place in files:
            told = f"{path}: another clip of that name" if place else f"{path}: no name of a clip"
            coverage.note(make_id(path.stem), "odd_name", "left out", told)
        else:
            files[place] = path
    listed: set[_Place] = set()
    for where, row in _rows(root, split):
        place = _parse("_".join(row[column] for column in _COLUMNS))
        if place is None:
            coverage.note(make_id(row["youtube_id"]), "bad_row", "left out", f"{where}: {row}")
            continue
        listed.add(place)
        name = f"{place.video}_{place.start:06d}_{int(float(row['time_end'])):06d}.mp4"
        path = files.get(place, folder / name)
        yield _clip(place, path, part, _label(row.get("label", "")), frames, where)
    for place in sorted(files.keys() - listed):
        path = files[place]
        label = _label(path.parent.name) if path.parent != folder else None
        clip = _clip(place, path, part, label, frames, str(path))
        if listed:
            coverage.note(clip.utt_id, "unlisted", "kept", f"{path}: the list of {split} lacks it")
        yield clip


def _rows(root: Path, split: str) -> list[tuple[str, dict[str, str]]]:
    names = [f"{split}.csv", *(["validate.csv"] if split == "val" else [])]
    places = [folder / name for folder in (root / "annotations", root) for name in names]
    found = next((path for path in places if path.is_file()), None)
    return [] if found is None else read_csv(found, _COLUMNS)


def _parse(stem: str) -> _Place | None:
    """The place that a name tells of, `<video>_<start>_<end>`; None: it is none."""
    video, *times = stem.rsplit("_", 2)
    try:
        start, _ = (int(float(time)) for time in times)
    except (ValueError, OverflowError):
        return None
    return _Place(video, start) if video else None


def _label(name: str) -> str | None:
    """Folders have underscores where lists have spaces, or not."""
    return " ".join(name.replace("_", " ").split()) or None


def _clip(
    place: _Place, path: Path, part: Part, label: str | None, frames: FrameKind, origin: str
) -> Clip:
    speaker = make_id(f"kinetics_{place.video}")
    return Clip(
        utt_id=f"{speaker}-{place.start:06d}",
        speaker=speaker,
        part=part,
        video=path,
        label=label,
        frames=frames,
        origin=origin,
    )
