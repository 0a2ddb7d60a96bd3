"""Europarl-ST (Iranzo-Sanchez et al. 2020): debates in nine languages, and translations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey
from espnet_av.corpora.coverage import DROPPED, Coverage, Problem
from espnet_av.corpora.files import file_of, list_names
from espnet_av.corpora.talk_list import TalkSegment, read_aligned, segment_problem
from espnet_av.corpora.translated import add_translation, check_pairs, pair_part, write_even_sets
from espnet_av.corpora.tsv import read_lines
from espnet_av.data.table import seconds
from espnet_av.errors import DataDirError

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "ro")
SPLITS = {"train": "train", "dev": "valid", "test": "test"}
"""Published name -> ours."""
_NOISY = "train-noisy"
_SUFFIXES = (".m4a", ".wav", ".flac")
"""Of the sound, as it is given out, or converted once."""


def prepare_europarl_st(
    root: str | Path,
    out_dir: str | Path,
    *,
    pairs: list[str] | None = None,
    noisy: bool = False,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}_<source>_<target>` from a copy of Europarl-ST 1.1.

    `root/<source>/<target>/<split>/segments.lst` lists stretches of `root/<source>/audios/`, and
    `segments.<source>` and `segments.<target>` beside it have a line for each. The sound of a
    source is that of all its targets: sets can be combined, and ids read
    `europarl_<speech>-<start>-<end>-<target>`, times in ms. A speech is a speaker.

    Args:
        root: the unpacked archive (or the folder `v1.1` in it).
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        pairs: those to read, as `fr_en`; by default all that are there (72).
        noisy: read `train-noisy` too, as sets `train-noisy_<source>_<target>`.
        max_missing_ratio: largest share of segments that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no pair, a missing list, texts that do not fit it, or no sound of a source.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    base = root / "v1.1" if (root / "v1.1").is_dir() else root
    found = [f"{a}_{b}" for a in LANGUAGES for b in LANGUAGES if (base / a / b).is_dir()]
    if not found:
        msg = (
            f"{root}: no pair of languages found; expected folders such as fr/en/train with "
            "segments.lst; set EUROPARL_ST= in db.sh to the unpacked archive"
        )
        raise DataDirError(msg)
    coverage = Coverage("europarl_st")
    clips: list[Clip] = []
    for pair in check_pairs(pairs, found, root):
        source, _, target = pair.partition("_")
        _check_sound(base / source / "audios")
        for split in (*SPLITS, _NOISY) if noisy else SPLITS:
            clips += _read(base / source, split, target, coverage)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_even_sets(out_dir, kept)


def _check_sound(folder: Path) -> None:
    if not folder.is_dir():
        msg = (
            f"{folder}: no such folder: the texts of {folder.parent.name} are there, but no sound; "
            "unpack the archive whole, or name the pairs of other sources with --pairs"
        )
        raise DataDirError(msg)


def _read(base: Path, split: str, target: str, coverage: Coverage) -> Iterator[Clip]:
    source, folder = base.name, base / target / split
    listed = folder / "segments.lst"
    lines = read_lines(listed)
    while lines and not lines[-1].strip():
        lines.pop()
    said, told = (
        read_aligned(folder / f"segments.{lang}", len(lines), listed) for lang in (source, target)
    )
    part = pair_part(SPLITS.get(split, split), source, target)
    there = list_names(base / "audios")
    for number, (line, transcript, text) in enumerate(zip(lines, said, told, strict=True), 1):
        segment = _parse(line, f"{listed}:{number}")
        if isinstance(segment, str):
            name = make_id(f"europarl_{source}_{target}_{split}-{number}")
            coverage.lose(part, Problem(name, "bad_segment", DROPPED, segment), "unusable")
            continue
        speech = make_id(f"europarl_{segment.talk}")
        times = "-".join(f"{round(1000 * t):07d}" for t in (segment.start, segment.end))
        clip = Clip(
            utt_id=f"{speech}-{times}",
            speaker=speech,
            part=part,
            audio=file_of(base / "audios", segment.talk, _SUFFIXES, there),
            text=transcript,
            recording=speech,
            span=(segment.start, segment.end),
            origin=segment.origin,
        )
        made = add_translation(clip, target, text, coverage)
        if made is not None:
            yield made


def _parse(line: str, where: str) -> TalkSegment | str:
    """The segment of a line; or what is wrong with it."""
    try:
        name, start, end = line.split()
        segment = TalkSegment(_stem(name), seconds(start), seconds(end), "", where)
    except ValueError:
        return f"{where}: expected '<audio> <start> <end>' in seconds, got '{line:.80}'"
    return segment_problem(segment) or segment


def _stem(name: str) -> str:
    """Names of speeches have dots."""
    return next((name.removesuffix(s) for s in _SUFFIXES if name.endswith(s)), name)
