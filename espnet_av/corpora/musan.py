"""MUSAN (Snyder et al. 2015): music, noise and speech to mix into recordings."""

from __future__ import annotations

import re
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey, write_set
from espnet_av.corpora.coverage import Coverage, Part, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.errors import DataDirError
from espnet_av.rates import SAMPLE_RATE

PUBLISHED = {
    Part("music", "-"): PublishedSize(660, 42.5),
    Part("speech", "-"): PublishedSize(426, 60),
    Part("noise", "-"): PublishedSize(930, 6),
}
"""Files and hours of each category (arXiv 1510.08484)."""
_LISTS = ("ANNOTATIONS", "LICENSE")
_NAME = re.compile(r"^((?:music|speech|noise)-[a-z-]+-[0-9]{4})\b", re.MULTILINE)


def prepare_musan(
    root: str | Path,
    out_dir: str | Path,
    *,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Check a copy of MUSAN, and write `out_dir/musan` with `utt2category` (music, noise, speech).

    `root/{music,noise,speech}/<source>/*.wav` are read; a file that an `ANNOTATIONS` or `LICENSE`
    beside it names and that is not there counts as missing; one that they do not name is reported
    and kept. The noise stage reads the same folder: `python -m espnet_av.bin.noise --musan_dir
    root`.

    Args:
        root: the corpus.
        out_dir: receives the set, `prepare_report.tsv` and `coverage.tsv`.
        max_missing_ratio: largest share of files that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Files per category.

    Raises:
        DataDirError: no sound below `root`.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    coverage = Coverage("musan", PUBLISHED)
    clips = [clip for part in PUBLISHED for clip in _find(root, part, coverage)]
    if not clips:
        msg = (
            f"{root}: no MUSAN file found; expected music/, noise/ and speech/; set MUSAN= in "
            "db.sh to the folder that holds them"
        )
        raise DataDirError(msg)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    write_set(out_dir / "musan", kept)
    return {part.split: sum(clip.part == part for clip in kept) for part in PUBLISHED}


def _find(root: Path, part: Part, coverage: Coverage) -> list[Clip]:
    """Files that are there and files that the lists beside them name."""
    folder = root / part.split
    present = set(visible_files(folder, [".wav"]))
    named: set[Path] = set()
    # Lists have no suffix.
    for listing in visible_files(folder, [""]):
        if listing.name in _LISTS:
            text = listing.read_text(encoding="utf-8", errors="replace")
            named |= {listing.with_name(f"{stem}.wav") for stem in _NAME.findall(text)}
    folders = {path.parent for path in named}
    for path in sorted(present - named):
        if path.parent in folders:
            detail = f"{path}: neither {' nor '.join(_LISTS)} beside it names it"
            coverage.note(make_id(path.stem), "unlisted", "kept", detail)
    return [
        Clip(
            utt_id=make_id(path.stem),
            speaker=make_id(path.stem),
            part=part,
            audio=path,
            fs=(SAMPLE_RATE,),
            category=part.split,
        )
        for path in sorted(present | named)
    ]
