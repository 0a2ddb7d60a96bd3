"""Clips with translations: one set a pair of languages, one id a target."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from espnet_av.config import unknown_key_message
from espnet_av.corpora.clip import Clip, write_set
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem
from espnet_av.errors import DataDirError

logger = logging.getLogger(__name__)


def pair_part(split: str, source: str, target: str) -> Part:
    """Part of one pair: its name is that of the set, `<split>_<source>_<target>`.

    Where both are the same, as in a set with transcripts alone, it is `<split>_<source>`.
    """
    name = f"{split}_{source}" if source == target else f"{split}_{source}_{target}"
    return Part(name, source)


def check_pairs(given: Sequence[str] | None, present: Iterable[str], where: Path) -> list[str]:
    """The pairs asked for, as `fr_en`; None means all that are there.

    Raises:
        DataDirError: one that is not there; the nearest one is given.
    """
    present = list(present)
    for pair in given or ():
        if pair not in present:
            raise DataDirError(unknown_key_message(pair, present, f"{where}: pairs"))
    return list(dict.fromkeys(given or present))


def add_translation(clip: Clip, target: str, text: str, coverage: Coverage) -> Clip | None:
    """The clip as one that is to be written in `target`, `<id>-<target>`; None: it has no text.

    A clip without transcript is kept with its translation.
    """
    if target == clip.part.lang:
        told, reason = clip, "no_text"
    else:
        told = dataclasses.replace(
            clip,
            utt_id=f"{clip.utt_id}-{target}",
            target=target,
            translations={target: text},
            text=clip.text if (clip.text or "").strip() else None,
        )
        reason = "no_translation"
    if not text.strip():
        problem = Problem(told.utt_id, reason, DROPPED, f"{clip.origin}: its text is empty")
        coverage.lose(clip.part, problem, "unusable")
        return None
    if told.text is None:
        coverage.note(told.utt_id, "no_transcript", "kept with its translation", clip.origin)
    return told


def write_even_sets(out_dir: Path, clips: Iterable[Clip]) -> dict[str, int]:
    """Write one data dir for each name of a part; returns how many each holds.

    A set in which a clip has no transcript has none of any.
    """
    sets: dict[str, list[Clip]] = {}
    for clip in clips:
        sets.setdefault(clip.part.split, []).append(clip)
    return {name: write_set(out_dir / name, even(members, name)) for name, members in sets.items()}


def even(clips: list[Clip], name: str) -> list[Clip]:
    """The clips of a set, without their transcripts unless all have one, as data dirs demand."""
    lacking = [clip.utt_id for clip in clips if not clip.text]
    if not lacking:
        return clips
    if len(lacking) < len(clips):
        logger.warning(
            "%s has no `text`: %d of %d clips are without a transcript, such as %s; the others are "
            "no_transcript in prepare_report.tsv; take them out of its lists to have it",
            name, len(lacking), len(clips), lacking[0],
        )  # fmt: skip
    return [dataclasses.replace(clip, text=None) for clip in clips]
