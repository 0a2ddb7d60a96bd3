"""Whose word times a folder of GRID's alignments holds, told by the names in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from espnet_av.corpora.grid_files import GridFiles

_FITTING_SHARE = 0.5
"""Two talkers share about one name in sixty by chance; a talker's own folders share nearly all."""
_MIN_NAMES = 2


class Misplaced(NamedTuple):
    """Alignments under one talker's name that are another's."""

    talker: str
    """Whose folder they are in."""
    owner: str | None
    """Whose they are; None: of nobody whose clips are there."""
    detail: str


def place_alignments(
    files: Mapping[str, GridFiles],
) -> tuple[dict[str, GridFiles], list[Misplaced]]:
    """Give alignments that lie in another talker's folder to the talker whose names they bear.

    A folder is another's when fewer than half of its names (of the clips, if these are fewer) are
    those of the talker's clips. All of it moves: times of a sentence that both happen to say
    belong to the owner too.

    Args:
        files: utterance id (`s1-bbaf2n`) -> its files.

    Returns:
        The files by id, and what was found in the wrong place; alignments of nobody are left out.
    """
    aligns: dict[str, dict[str, Path]] = {}
    clips: dict[str, set[str]] = {}
    for item in files.values():
        if item.align is not None:
            aligns.setdefault(item.talker, {})[item.name] = item.align
        if item.video or item.audio:
            clips.setdefault(item.talker, set()).add(item.name)
    foreign = [t for t in aligns if t in clips and not _fits(aligns[t], clips[t])]
    # Nobody's alignments are overwritten: those of a talker that fit stay.
    homeless = {t for t in clips if t in foreign or t not in aligns}
    # A folder whose talker has no clip may be that talker's, unless others lack theirs.
    foreign += [t for t in aligns if t not in clips and _owner(aligns[t], clips, homeless)]
    if not foreign:
        return dict(files), []
    placed = {key: item._replace(align=None) if item.talker in foreign else item
              for key, item in files.items()}  # fmt: skip
    misplaced: list[Misplaced] = []
    for talker in foreign:
        owner = _owner(aligns[talker], clips, homeless)
        misplaced.append(Misplaced(talker, owner, _detail(aligns[talker], clips, talker, owner)))
        for name, path in aligns[talker].items() if owner else ():
            assert owner is not None
            key = f"{owner}-{name}"
            placed[key] = placed.get(key, GridFiles(owner, name))._replace(align=path)
    return {key: item for key, item in placed.items() if any(item[2:])}, misplaced


def _fits(names: Mapping[str, Path], clips: set[str]) -> bool:
    """Too few names to tell count as fitting."""
    smaller = min(len(names), len(clips))
    return smaller < _MIN_NAMES or len(names.keys() & clips) >= _FITTING_SHARE * smaller


def _owner(
    names: Mapping[str, Path], clips: Mapping[str, set[str]], homeless: set[str]
) -> str | None:
    """The talker without alignments of its own whose clips bear most of the names."""
    fitting = [
        talker
        for talker in sorted(homeless)
        if len(names.keys() & clips[talker]) >= _MIN_NAMES and _fits(names, clips[talker])
    ]
    return max(fitting, key=lambda talker: len(names.keys() & clips[talker]), default=None)


def _detail(
    names: Mapping[str, Path], clips: Mapping[str, set[str]], talker: str, owner: str | None
) -> str:
    folder = next(iter(names.values())).parent
    counts = {t: len(names.keys() & clips.get(t, set())) for t in (talker, owner) if t}
    fits = " and ".join(f"{count} those of {t}'s clips" for t, count in counts.items())
    return f"{folder}: of its {len(names)} names {fits}"
