"""Data dirs from data dirs: several joined to one, or one with other names."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence

from espnet_av.data.ark_entry import read_entry
from espnet_av.data.data_dir import DataDir
from espnet_av.data.fields import find_table, known_tables
from espnet_av.data.table import Segment, is_ark_pointer
from espnet_av.data.tables import PICTURE, SEGMENTS, SOUND
from espnet_av.errors import ArkError, DataDirError

logger = logging.getLogger(__name__)

Tables = dict[str, dict[str, str]]

_EXAMPLE = "x-"
"""Prefix that messages propose."""


def combine(sources: Sequence[DataDir]) -> tuple[Tables, dict[str, list[Segment]]]:
    """Join data dirs: the tables and the ctm for `write_data_dir`.

    A table that must be complete (as `text` and `utt2lang`) is left out, with a warning, when a
    source lacks it. If only some sources have `segments`, the others get whole-file ones.
    A recording that sources with `segments` share, as subsets of one set do, is listed once; so is
    an image that the dumps of several languages have, each its own copy.

    Raises:
        DataDirError: two sources have the same utterance, or give a recording different files.
    """
    naming = {name for name in _naming() if any(name in source.tables for source in sources)}
    combined: Tables = {}
    for source in sources:
        tables = located_tables(source)
        _check_ids(source, tables, combined)
        for name in naming - tables.keys():
            tables[name] = _as_they_are(source, name)
        for name, rows in tables.items():
            combined[name] = rows | combined.get(name, {})
    for name in (table.name for table in known_tables() if table.complete):
        lacking = [str(source.path) for source in sources if name not in source.tables]
        if lacking and name in combined:
            del combined[name]
            logger.warning("%s left out: not in %s", name, ", ".join(lacking))
    return combined, {key: value for source in sources for key, value in source.ctm.items()}


def rename(
    data: DataDir,
    utterance: Callable[[str], str],
    speaker: Callable[[str], str],
    recording: Callable[[str], str] = str,
) -> tuple[Tables, dict[str, list[Segment]]]:
    """Give utterances, speakers and recordings other ids, for `write_data_dir`: tables and ctm.

    Recordings are those that `segments` refers to, and images those of `utt2image`; without these
    tables they are the utterances.
    """
    renamed = {
        name: {
            (recording if data.is_keyed(name) else utterance)(key): value
            for key, value in rows.items()
        }
        for name, rows in located_tables(data).items()
    }
    renamed["utt2spk"] = {key: speaker(value) for key, value in renamed["utt2spk"].items()}
    for name in _naming() & renamed.keys():
        parts = {key: value.split() for key, value in renamed[name].items()}
        renamed[name] = {
            key: " ".join((recording(first), *rest)) for key, (first, *rest) in parts.items()
        }
    return renamed, {utterance(key): value for key, value in data.ctm.items()}


def located_tables(data: DataDir) -> Tables:
    """The tables of a data dir for another folder: entries relative to the old one are extended."""
    return {
        name: {k: str(data.locate(name, k)) for k in rows} if _holds_files(name) else dict(rows)
        for name, rows in data.tables.items()
    }


def _holds_files(name: str) -> bool:
    table = find_table(name)
    return table is not None and table.is_file


def _naming() -> set[str]:
    """Tables whose values name recordings, images or the like."""
    return {table.keyed_by for table in known_tables() if table.keyed_by is not None}


def _as_they_are(source: DataDir, naming: str) -> dict[str, str]:
    """What a table of names would say where each utterance has its own recording or image."""
    if naming == SEGMENTS:
        return {utt_id: f"{utt_id} 0 -1" for utt_id in source.utt_ids}
    named = [table.name for table in known_tables() if table.keyed_by == naming]
    return {u: u for u in source.utt_ids if any(source.get(name, u) for name in named)}


def _check_ids(source: DataDir, tables: Tables, combined: Tables) -> None:
    """Refuse a source with an utterance, or another recording of a name, of those before it."""
    utterances = sorted(tables["utt2spk"].keys() & combined.get("utt2spk", {}).keys())
    recordings = _different_recordings(tables, combined)
    if utterances:
        problem = f"utt2spk: {utterances[0]}: also in a source before it ({len(utterances)} such"
    elif recordings:
        table, name = recordings[0]
        what = "recording" if SOUND.name in table or PICTURE.name in table else "content"
        problem = f"{table}: {name}: a source before it has another {what} of that name "
        problem += f"({len(recordings)} such"
    else:
        return
    segmented = any(source.is_keyed(name) for name in tables)
    flags = [f"--utt-prefix {_EXAMPLE}"] if utterances or not segmented else []
    flags += [f"--rec-prefix {_EXAMPLE}"] if recordings and segmented else []
    msg = (
        f"{source.path}/{problem} ids); give this source other ids with: "
        f"utils/copy_data_dir.sh {' '.join(flags)} {source.path} <new dir>"
    )
    raise DataDirError(msg)


def _different_recordings(tables: Tables, combined: Tables) -> list[tuple[str, str]]:
    """Tables and names under which both have recordings that are not known to be the same."""
    different: list[tuple[str, str]] = []
    for naming in sorted(_naming()):
        held = [t.name for t in known_tables() if t.keyed_by == naming and t.is_file]
        names, before = (
            {name for table in held for name in rows.get(table, {})} for rows in (tables, combined)
        )
        for name in sorted(names & before):
            here, there = _files(tables, held, name), _files(combined, held, name)
            shared = here.keys() & there.keys()
            # One that has the sound alone here and the picture alone there may be anything.
            if not shared or not all(_is_same(here[t], there[t], name) for t in shared):
                different.append((" or ".join(held[:2]), name))
    return different


def _is_same(here: str, there: str, name: str) -> bool:
    """Whether two places are one, or hold copies of one entry of an archive."""
    if here == there:
        return True
    if not (is_ark_pointer(here) and is_ark_pointer(there)):
        return False
    try:
        return read_entry(here, name) == read_entry(there, name)
    except ArkError:
        return False


def _files(rows: Tables, held: Sequence[str], name: str) -> dict[str, str]:
    found = {table: rows.get(table, {}).get(name) for table in held}
    return {table: os.path.realpath(value) for table, value in found.items() if value}
