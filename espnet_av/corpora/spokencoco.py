"""SpokenCOCO (Hsu et al. 2021): captions of COCO read aloud; sound, and names of images."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coco import image_of, items, read_karpathy
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.errors import DataDirError

PUBLISHED = PublishedSize(617_222, 742)
"""Utterances and hours of both lists together."""
_LISTS = {
    "_karpathy": {"train": "train", "val": "valid", "test": "test"},
    "": {"train": "train", "val": "valid"},
}
"""Ending of the lists that are given out -> their names -> ours; the first that is there."""
_LANG = "en"


def prepare_spokencoco(
    root: str | Path,
    out_dir: str | Path,
    *,
    karpathy: Path | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` from a copy of SpokenCOCO, with `utt2image`.

    `root/SpokenCOCO_{train,val}.json` list images and their captions, the sound is
    `root/wavs/...`. Ids read `spokencoco_<speaker>-<utterance>`, images `COCO_val2014_<number>`.
    Features of the images come from the images stage.

    Args:
        root: the unpacked archive.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        karpathy: `dataset_coco.json`, whose split is taken; without it that of
            `SpokenCOCO_{train,val,test}_karpathy.json` is, if these are in `root`, or else that of
            the two lists, which have no test set.
        max_missing_ratio: largest share of recordings that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no list in `root`, or one of another form.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    splits = None if karpathy is None else read_karpathy(Path(karpathy))
    coverage = Coverage("spokencoco", total=PUBLISHED)
    clips: list[Clip] = []
    for path, split in _lists(root, with_split=splits is None).items():
        clips += _read(root, path, split, splits, coverage)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: clip.part.split)


def _lists(root: Path, with_split: bool) -> dict[Path, str]:
    """The lists that are read, and the set that each stands for."""
    endings = _LISTS if with_split else {"": _LISTS[""]}
    for ending, names in endings.items():
        for unrolled in ("", "_unrolled"):
            paths = {root / f"SpokenCOCO_{n}{unrolled}{ending}.json": s for n, s in names.items()}
            if any(path.is_file() for path in paths):
                return paths
    msg = (
        f"{root}: no SpokenCOCO_train.json; set SPOKENCOCO= in db.sh to the unpacked archive, with "
        "its lists and wavs/"
    )
    raise DataDirError(msg)


def _read(
    root: Path, path: Path, split: str, splits: Mapping[str, str] | None, coverage: Coverage
) -> Iterator[Clip]:
    for place, item in items(path, "data"):
        image = item.get("image")
        name = image_of(image) if isinstance(image, str) else None
        for number, caption in enumerate(_captions(item, place)):
            where = f"{place}.captions[{number}]"
            found = _clip(root, where, caption, name)
            own = split if splits is None else splits.get(str(name))
            part = Part(own or split, _LANG)
            if own is None:
                told = f"{where}: {name} is in no part of the split"
                coverage.lose(part, Problem(found.utt_id, "in_no_split", DROPPED, told), "unusable")
                continue
            if name is None:
                told = f"{where}: its image is not told"
                coverage.note(found.utt_id, "no_image", "kept, sound alone", told)
            yield dataclasses.replace(found, part=part)


def _captions(item: Mapping[str, Any], place: str) -> list[Any]:
    """All captions of an image, or the one that an unrolled list has."""
    captions = item.get("captions", [item["caption"]] if "caption" in item else None)
    if not isinstance(captions, list):
        msg = f"{place}: neither captions nor caption in it; is this a list of SpokenCOCO?"
        raise DataDirError(msg)
    return captions


def _clip(root: Path, where: str, caption: Any, image: str | None) -> Clip:
    try:
        speaker = make_id(f"spokencoco_{caption['speaker']}")
        return Clip(
            utt_id=f"{speaker}-{make_id(caption['uttid'])}",
            speaker=speaker,
            part=Part("", _LANG),
            audio=root / caption["wav"],
            text=" ".join(caption["text"].split()) or None,
            image=image,
            origin=where,
        )
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{where}: expected speaker, uttid, wav and text ({error!r}); fetch the list again"
        raise DataDirError(msg) from error
