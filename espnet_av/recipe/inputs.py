"""What a step depends on: files whose content is part of the mark of finished work."""

from __future__ import annotations

import re
from pathlib import Path

from espnet_av.data.fields import known_tables
from espnet_av.data.tables import (
    CUTS,
    LANDMARKS,
    PICTURE,
    SOUND,
    STRETCHES,
    TABLES,
    Table,
)
from espnet_av.recipe.options import Options

_FIRST = (SOUND, PICTURE, LANDMARKS, CUTS, STRETCHES)
"""Tables whose content comes first in the mark of what is made of them."""
_HEARD = re.compile(r"noise_prob[\"']*[:=]([^,}#\n]*)")
_NEVER = re.compile(r"0*\.?0*")
_LM_FILE = re.compile(r"lm_file[:=] *[\"']*([^ \"'\n]*)")


def tables(folder: str) -> tuple[str, ...]:
    """What people may edit, and what changes what is made of it: those that are there by then.

    The mark of finished work has them in this order; new ones go to the end.
    """
    edited = sorted((t for t in known_tables() if t.is_edited), key=_place)
    return tuple(f"if:{folder}/{name}" for table in edited for name in table.patterns)


def media_tables(folder: str) -> tuple[str, ...]:
    """Those of them that the roi stage reads."""
    seen = sorted((table for table in known_tables() if table.for_roi), key=_place)
    return tuple(f"if:{folder}/{table.name}" for table in seen)


def _place(table: Table) -> tuple[int, int]:
    """Among the tables: the first, those of every data dir, pointers and lists of single kinds."""
    if table in _FIRST:
        return 0, _FIRST.index(table)
    return (1, 0) if table in TABLES else (2, not table.is_file)


def marks_of_sets(options: Options, *names: str) -> tuple[str, ...]:
    """What tells dumps from others: the mark of their stage, and their tables."""
    found = []
    for name in names:
        folder = f"{options.dumpdir}/{name}"
        # Pointers change with the mark.
        found += [f"{folder}/.done", *(t for t in tables(folder) if not t.endswith("scp"))]
    return tuple(found)


def weights_of(experiment: str) -> str:
    """What tells the weights of an experiment, be they trained or converted."""
    if experiment and Path(experiment, "conversion.txt").is_file():
        return f"{experiment}/provenance.yaml"
    return f"{experiment}/.done.[tf]*" if experiment else ""


def noise_mark(options: Options, config: str, args: str) -> str:
    """The mark of the noises, if such a training hears any."""
    path = Path(config)
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    values = [found.strip(" ") for found in _HEARD.findall(f"{text}\n{args}")]
    heard = any(not _NEVER.fullmatch(value) for value in values)
    return f"{options.dumpdir}/noise/.done" if heard and options.noise_config != "none" else ""


def noise_options(options: Options, split: str) -> tuple[str, ...]:
    """Options of a program that may need noises."""
    if options.noise_config == "none":
        return ()
    return ("--noise_dir", f"{options.dumpdir}/noise/{split}")


def lm_files(config: str, args: str) -> tuple[str, ...]:
    """Language models that a decoding reads."""
    path = Path(config)
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = []
    for line in [*text.splitlines(), args]:
        # As a greedy pattern of sed: the last one in a line.
        names = _LM_FILE.findall(line)
        found += names[-1:]
    return tuple(filter(None, found))
