"""Speech-COCO (Havard et al. 2017): captions of COCO by a synthesiser that tells its phones."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coco import coco_image, read_karpathy
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.parallel import parallel_map
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError

PARTS = {"train2014": "train", "val2014": "valid"}
"""Folder -> set, without Karpathy's split."""
PUBLISHED = {
    Part("train2014", "en"): PublishedSize(414_113),
    Part("val2014", "en"): PublishedSize(202_654),
}
PUBLISHED_SUM = PublishedSize(616_767, 604)
SILENCE = "sil"
"""Label of what is between phones."""
_LANG = "en"
_MS = 1000.0
_SLACK_SEC = 0.05
"""Phones may begin so much after the stated end of the sound."""


def prepare_speechcoco(
    root: str | Path,
    out_dir: str | Path,
    *,
    karpathy: Path | None = None,
    phone_sets: list[str] | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` from a copy of Speech-COCO, with `utt2image` and `ctm`.

    `root/{train2014,val2014}/json/<name>.json` tell of `.../wav/<name>.wav`, where a name is
    `<image>_<caption>_<voice>_<disfluency>_<speed>`. Ids read `speechcoco_<voice>-<name>`, images
    `COCO_val2014_<number>`. `utt2category` tells speed and disfluency. The `ctm` of test sets has
    their phones, each to the start of what follows, and `sil` between; that of all captions would
    take gigabytes of memory.

    Args:
        root: the unpacked archives.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        karpathy: `dataset_coco.json`, whose split is taken; without it `train2014` is trained on
            and `val2014` is `valid`.
        phone_sets: sets that get a `ctm`; by default valid and test.
        max_missing_ratio: largest share of recordings that may be missing or unreadable.
        num_jobs: processes that read lists and headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: neither folder is in `root`.
        DroppedTooManyError: more is missing or wrong than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    splits = None if karpathy is None else read_karpathy(Path(karpathy))
    coverage = Coverage("speechcoco", PUBLISHED, PUBLISHED_SUM)
    clips: list[Clip] = []
    there = [part for part in PARTS if (root / part / "json").is_dir()]
    if not there:
        msg = f"{root}: neither train2014/json nor val2014/json; set SPEECHCOCO= in db.sh to the "
        raise DataDirError(msg + "folder of both")
    for part in there:
        paths = visible_files(root / part / "json", [".json"])
        found = parallel_map(partial(_read, part), paths, num_jobs=num_jobs, desc=f"{part} json")
        for path, clip in zip(paths, found, strict=True):
            if isinstance(clip, Clip):
                clips.append(clip)
            else:
                problem = Problem(make_id(path.stem), "bad_json", DROPPED, f"{path}: {clip}")
                coverage.lose(Part(part, _LANG), problem, "unusable")
    kept = survey(clips, coverage, num_jobs)
    aligned = phone_sets if phone_sets is not None else ["valid", "test"]
    kept = _with_phones(kept, lambda clip: _set_of(clip, splits) in aligned, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: _set_of(clip, splits))


def _with_phones(
    clips: Sequence[Clip],
    is_aligned: Callable[[Clip], bool],
    coverage: Coverage,
    num_jobs: int,
) -> list[Clip]:
    """The clips, those of some sets with their phones; one whose marks are wrong has none."""
    paths = {clip.utt_id: Path(clip.origin) for clip in clips if is_aligned(clip)}
    told = parallel_map(_read_phones, list(paths.values()), num_jobs=num_jobs, desc="phones")
    phones: dict[str, tuple[Segment, ...]] = {}
    for utt_id, found in zip(paths, told, strict=True):
        if isinstance(found, str):
            coverage.note(utt_id, "no_phones", "kept, without phones", f"{paths[utt_id]}: {found}")
        else:
            phones[utt_id] = found
    return [dataclasses.replace(clip, phones=phones.get(clip.utt_id, ())) for clip in clips]


def _read_phones(path: Path) -> tuple[Segment, ...] | str:
    """The phones that a JSON tells of; or what is wrong with them."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return phones_of(told["timecode"], float(told["duration"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return " ".join(str(error).split()) or repr(error)


def _set_of(clip: Clip, splits: Mapping[str, str] | None) -> str:
    own = PARTS[clip.part.split]
    return own if splits is None else splits.get(str(clip.image), own)


def _read(part: str, path: Path) -> Clip | str:
    """The caption that a JSON tells of; or what is wrong with it."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        voice = make_id(f"speechcoco_{told['speaker']}")
        disfluency = (list(told.get("disfluency") or []) or ["None"])[0]
        return Clip(
            utt_id=f"{voice}-{make_id(path.stem)}",
            speaker=voice,
            part=Part(part, _LANG),
            audio=path.parents[1] / "wav" / told["wavFilename"],
            text=" ".join(told["synthesisedCaption"].split()) or None,
            image=coco_image(part, int(told["imgID"])),
            category=make_id(f"speed{told['speed']}_{disfluency or 'None'}"),
            origin=str(path),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return " ".join(str(error).split()) or repr(error)


def phones_of(timecode: Any, seconds: float) -> tuple[Segment, ...]:
    """Phones with start and duration, of marks in milliseconds that tell starts alone.

    Args:
        timecode: lists of time, kind (WORD, SYL, PHO, SIL, SEPR, ...) and value.
        seconds: duration of the sound.

    Raises:
        ValueError: marks go back, or beyond the end of the sound: they are of another one.
    """
    marks = [(float(time) / _MS, str(kind), str(value)) for time, kind, value in timecode]
    for (before, *_), (after, *_) in pairwise(marks):
        if after < before:
            msg = f"timecode: {after * _MS:g} ms after {before * _MS:g} ms"
            raise ValueError(msg)
    if marks and marks[-1][0] > seconds + _SLACK_SEC:
        msg = f"timecode: goes on to {marks[-1][0]:g} s, the sound is {seconds:g} s long"
        raise ValueError(msg)
    # Words and syllables begin with a phone; the space after a word ends its last one.
    starts = [(t, value if kind == "PHO" else SILENCE) for t, kind, value in marks
              if kind in ("PHO", "SIL", "SEPR")]  # fmt: skip
    starts = [s for n, s in enumerate(starts) if n + 1 == len(starts) or starts[n + 1][0] > s[0]]
    ends = [*(start for start, _ in starts), seconds][1:]
    return tuple(
        Segment(start, end - start, label)
        for (start, label), end in zip(starts, ends, strict=True)
        if end > start
    )
