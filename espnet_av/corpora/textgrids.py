"""Alignments of a set: TextGrids of the Montreal Forced Aligner become the `ctm` of a data dir."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.textgrid import Interval, read_textgrid
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError

logger = logging.getLogger(__name__)

_TIERS = ("phones", "phone", "phonemes")
"""Names of the tier of phones; that of one of several speakers is `<speaker> - phones`."""
_SILENCE = "sil"


def prepare_textgrids(
    root: str | Path,
    out_dir: str | Path,
    *,
    tier: str | None = None,
    max_missing_ratio: float = 0.05,
) -> dict[str, int]:
    """Write the phones of TextGrids into the `ctm` of a data dir that is there already.

    `root/.../<name>.TextGrid` is that of the utterance or recording of this name; its intervals
    without a label are `sil`. Where `segments` cut recordings, an utterance has the phones that lie
    in it as a whole. Utterances without an alignment stay, and `align_report/` names them.

    Args:
        root: the folder of TextGrids, as `mfa align` writes it.
        out_dir: the data dir.
        tier: name of the tier of phones; by default `phones`, alone or behind a speaker.
        max_missing_ratio: largest share of utterances that may be without an alignment.

    Returns:
        Aligned utterances of the set.

    Raises:
        DataDirError: there is no TextGrid, or none of an utterance of the set.
        DroppedTooManyError: more utterances than allowed have no alignment.
    """
    root, out_dir = Path(root), Path(out_dir)
    data = read_data_dir(out_dir)
    paths = {path.stem: path for path in visible_files(root, [".textgrid"])}
    if not paths:
        msg = f"{root}: no .TextGrid in it or below; check the path of the alignments"
        raise DataDirError(msg)
    coverage = Coverage("textgrids")
    found: dict[str, list[Segment]] = {}
    for utt_id in data.utt_ids:
        part = Part(out_dir.name, data.get("utt2lang", utt_id) or "-")
        name = utt_id if utt_id in paths else data.recording(utt_id)[0]
        try:
            segments = _segments(data, utt_id, name, paths, tier)
        except DataDirError as error:
            problem = Problem(utt_id, "no_alignment", DROPPED, str(error))
            coverage.lose(part, problem, "missing" if name not in paths else "unusable")
            continue
        found[utt_id] = segments
        coverage.found(part, sum(segment.duration for segment in segments))
    if not found:
        names = f"{data.utt_ids[0]}, and TextGrids {next(iter(paths))}"
        msg = f"{root}: none is of an utterance of {out_dir}: utterances are called {names}"
        raise DataDirError(msg)
    coverage.finish(out_dir / "align_report", max_missing_ratio)
    write_data_dir(out_dir, data.tables, found)
    return {out_dir.name: len(found)}


def _segments(
    data: DataDir, utt_id: str, name: str, paths: Mapping[str, Path], tier: str | None
) -> list[Segment]:
    """The phones of an utterance, from its own TextGrid or that of its recording."""
    if name not in paths:
        msg = f"{utt_id}: no {name}.TextGrid"
        raise DataDirError(msg)
    intervals = _phones(paths[name], read_textgrid(paths[name]), tier)
    start, end = (0.0, None) if name == utt_id else data.recording(utt_id)[1:]
    last = float("inf") if end is None else end
    inside = [i for i in intervals if i.start >= start - 1e-4 and i.end <= last + 1e-4]
    if not inside:
        msg = f"{paths[name]}: no phone of {utt_id} in it"
        raise DataDirError(msg)
    return [
        Segment(max(i.start - start, 0.0), i.end - i.start, "_".join(i.label.split()) or _SILENCE)
        for i in inside
        if i.end > i.start
    ]


def _phones(
    path: Path, tiers: Mapping[str, Sequence[Interval]], tier: str | None
) -> list[Interval]:
    """The tier of phones; of several speakers, all of their phones by time."""
    names = [n for n in tiers if (n == tier if tier else _is_of_phones(n))]
    if not names:
        msg = f"{path}: no tier '{tier or 'phones'}', but {', '.join(tiers) or 'none'}; name it "
        raise DataDirError(msg + "with --tier")
    if len(names) == 1:
        return list(tiers[names[0]])
    # Of several speakers; the silence of one is no silence where another speaks.
    return sorted(i for name in names for i in tiers[name] if i.label)


def _is_of_phones(name: str) -> bool:
    return name.rpartition(" - ")[2].strip().lower() in _TIERS
