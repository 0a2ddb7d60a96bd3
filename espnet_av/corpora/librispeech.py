"""LibriSpeech (Panayotov et al. 2015): read English books with transcripts; sound alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from espnet_av.corpora.clip import Clip, survey, write_set
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.tsv import read_lines
from espnet_av.data.table import id_problem
from espnet_av.errors import DataDirError
from espnet_av.rates import SAMPLE_RATE

_LANG = "en"
PUBLISHED = {
    "train-clean-100": PublishedSize(28_539, 100.6),
    "train-clean-360": PublishedSize(104_014, 363.6),
    "train-other-500": PublishedSize(148_688, 496.7),
    "dev-clean": PublishedSize(2_703, 5.4),
    "dev-other": PublishedSize(2_864, 5.3),
    "test-clean": PublishedSize(2_620, 5.4),
    "test-other": PublishedSize(2_939, 5.1),
}
"""Utterances and hours of each folder."""
_SUMS = {
    "train_460": ("train-clean-100", "train-clean-360"),
    "train_960": ("train-clean-100", "train-clean-360", "train-other-500"),
    "valid": ("dev-clean", "dev-other"),
}
"""Sets of several folders, written where all of these are there."""


def prepare_librispeech(
    root: str | Path,
    out_dir: str | Path,
    *,
    lowercase: bool = False,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write a set for each folder of LibriSpeech, such as `out_dir/train_clean_100`, and sums.

    `root/<folder>/<speaker>/<chapter>/<speaker>-<chapter>.trans.txt` lists utterances, whose sound
    is `<id>.flac` (or `.wav`) beside it. Ids are those of the corpus, `1089-134686-0000`.
    `train_460`, `train_960` and `valid` (dev-clean and dev-other) are sums.

    Args:
        root: the unpacked archives (or the folder `LibriSpeech` in it); any of the seven folders.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        lowercase: write texts in lower case.
        max_missing_ratio: largest share of utterances that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: none of the folders is there.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    base = root / "LibriSpeech" if (root / "LibriSpeech").is_dir() else root
    there = [name for name in PUBLISHED if (base / name).is_dir()]
    if not there:
        msg = (
            f"{root}: none of the folders {', '.join(PUBLISHED)}; set LIBRISPEECH= in db.sh to the "
            "folder of the unpacked archives"
        )
        raise DataDirError(msg)
    coverage = Coverage("librispeech", {Part(name, _LANG): PUBLISHED[name] for name in there})
    clips = [clip for name in there for clip in _read(base / name, lowercase, coverage)]
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    by_folder = {
        name: list(members)
        for name, members in itertools.groupby(kept, lambda clip: clip.part.split)
    }
    sets = {name.replace("-", "_"): members for name, members in by_folder.items()}
    for name, folders in _SUMS.items():
        if all(folder in by_folder for folder in folders):
            sets[name] = [clip for folder in folders for clip in by_folder[folder]]
    return {name: write_set(out_dir / name, members) for name, members in sets.items()}


def _read(folder: Path, lowercase: bool, coverage: Coverage) -> Iterator[Clip]:
    part = Part(folder.name, _LANG)
    sounds = {path.stem: path for path in visible_files(folder, [".flac", ".wav"])}
    listed: set[str] = set()
    for path in visible_files(folder, [".txt"]):
        if not path.name.endswith(".trans.txt"):
            continue
        for number, line in enumerate(read_lines(path), 1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            name, *words = line.split()
            text = " ".join(words)
            if id_problem(name) or not words:
                problem = Problem(name, "no_text", DROPPED, f"{where}: expected '<id> WORDS'")
                coverage.lose(part, problem, "unusable")
                listed.add(name)
                continue
            listed.add(name)
            yield Clip(
                utt_id=name,
                speaker=name.partition("-")[0],
                part=part,
                audio=sounds.get(name, path.parent / f"{name}.flac"),
                fs=(SAMPLE_RATE,),
                text=text.lower() if lowercase else text,
                origin=where,
            )
    for name, path in sounds.items():
        if name not in listed:
            told = f"{path}: no line of a .trans.txt names it"
            coverage.lose(part, Problem(name, "no_text", DROPPED, told), "unusable")
