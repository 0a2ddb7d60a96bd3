"""LibriMix (Cosentino et al. 2020): mixtures of LibriSpeech's talkers, and who speaks when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.turns import read_turns
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError
from espnet_av.rates import SAMPLE_RATE

SPLITS = {"train-100": "train", "train-360": "train-360", "dev": "valid", "test": "test"}
"""Published name -> ours."""
_LANG = "en"
PUBLISHED = {"train-100": 13_900, "train-360": 50_800, "dev": 3_000, "test": 3_000}
"""Mixtures of two talkers."""
MixKind = Literal["mix_both", "mix_clean", "mix_single"]
_TALKERS = {"Libri2Mix": 2, "Libri3Mix": 3}


def prepare_librimix(
    root: str | Path,
    rttm: str | Path,
    out_dir: str | Path,
    *,
    kind: MixKind = "mix_both",
    mode: Literal["max", "min"] = "max",
    splits: list[str] | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,train-360,valid,test}` from a copy of Libri2Mix, with `rttm`.

    `root/wav16k/<mode>/<split>/<kind>/<mixture>.wav` are mixtures. Who speaks when is told by
    `rttm/<split>/rttm` (of data dirs as SUPERB's scripts make them; there `train` is train-100) or
    `rttm/<split>.rttm`, by the names of the mixtures. Those without turns, or whose turns all begin
    after their end, are dropped; turns that go on after it are cut. Ids read `librimix_<mixture>`.

    Args:
        root: `Libri2Mix`, or `Libri3Mix`.
        rttm: folder of the turns.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        kind: talkers with noise, without it, or one of them with it.
        mode: mixtures as long as the longest talker, or as the shortest.
        splits: those to read, of train-100, train-360, dev, test; by default all that are there.
        max_missing_ratio: largest share of mixtures that may be unreadable or without turns.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no mixtures, no turns of a split, or those of other recordings.
        DroppedTooManyError: more is missing than allowed.
    """
    root, rttm, out_dir = Path(root).absolute(), Path(rttm).absolute(), Path(out_dir)
    talkers = 1 if kind == "mix_single" else _TALKERS.get(root.name)
    folders = _find_mixtures(root / "wav16k" / mode, kind, splits)
    sizes = {Part(split, _LANG): PublishedSize(PUBLISHED[split]) for split in folders}
    coverage = Coverage("librimix", None if root.name == "Libri3Mix" else sizes)
    clips: list[Clip] = []
    for split, paths in folders.items():
        turns = _find_turns(rttm, split)
        told = read_turns(turns, (path.stem for path in paths))
        clips += _with_turns(paths, Part(split, _LANG), told, turns, coverage)
    kept = survey(clips, coverage, num_jobs)
    for clip in kept:
        found = len({turn.label for turn in clip.turns})
        if talkers not in (None, found):
            told_of = f"{clip.origin}: {found} talkers in it, in {root.name} {kind} are {talkers}"
            coverage.note(clip.utt_id, "odd_talkers", "kept", told_of)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: SPLITS[clip.part.split])


def _find_mixtures(base: Path, kind: str, splits: Sequence[str] | None) -> dict[str, list[Path]]:
    """Split -> its mixtures, of those that are asked for."""
    there = {s: visible_files(base / s / kind, [".wav"]) for s in SPLITS}
    there = {split: paths for split, paths in there.items() if paths}
    lacking = [split for split in splits or () if split not in there]
    if lacking or not there:
        msg = (
            f"{base}: no mixtures in {(lacking or ['train-100'])[0]}/{kind}, but in "
            f"{', '.join(there) or 'none of the splits'}; set LIBRIMIX= in db.sh to the folder "
            "Libri2Mix, or choose others by --splits, --kind and --mode"
        )
        raise DataDirError(msg)
    return {split: there[split] for split in splits or there}


def _find_turns(rttm: Path, split: str) -> Path:
    # SUPERB calls the only training set that it makes so.
    names = ["train-100", "train"] if split == "train-100" else [split]
    places = [rttm / place for name in names for place in (f"{name}/rttm", f"{name}.rttm")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        msg = (
            f"{rttm}: none of {', '.join(str(p.relative_to(rttm)) for p in places)}, which tell "
            f"who speaks when in {split}; put it there, or leave the split out by --splits"
        )
        raise DataDirError(msg)
    return found


def _with_turns(
    paths: Sequence[Path],
    part: Part,
    told: Mapping[str, tuple[Segment, ...]],
    turns: Path,
    coverage: Coverage,
) -> Iterator[Clip]:
    for path in paths:
        utt_id = make_id(f"librimix_{path.stem}")
        if not told.get(path.stem):
            problem = Problem(utt_id, "no_turns", DROPPED, f"{path}: {turns} has no turn of it")
            coverage.lose(part, problem, "unusable")
            continue
        yield Clip(
            utt_id=utt_id,
            speaker=utt_id,
            part=part,
            audio=path,
            fs=(SAMPLE_RATE,),
            turns=told[path.stem],
            origin=str(turns),
        )
    for name in sorted(told.keys() - {path.stem for path in paths}):
        detail = f"{turns}: there is no mixture '{name}'"
        coverage.note(make_id(f"librimix_{name}"), "unlisted", "left out", detail)
