"""The one reader, writer and validator of Kaldi-style data directories."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from espnet_av.data.column import Column, Ids, have_same_ids, read_column
from espnet_av.data.fields import find_table, known_tables, nearest, present_tables
from espnet_av.data.table import (
    Segment,
    id_problem,
    parse_ctm,
    parse_table,
    raise_problems,
    sort_key,
    write_ctm,
    write_table,
)
from espnet_av.data.tables import (
    FILMS,
    PICTURE,
    SEGMENTS,
    SOUND,
    SPEAKERS,
    STATES,
    STRETCHES,
    Table,
    no_problem,
)
from espnet_av.errors import DataDirError

__all__ = ["DataDir", "Segment", "read_data_dir", "validate", "write_data_dir"]


@dataclass(frozen=True)
class DataDir:
    """Utterances and what is known of them."""

    path: Path
    """The folder; file entries that are relative may be relative to it."""
    tables: Mapping[str, Mapping[str, str]]
    """File name -> id -> rest of the line; ids are those of `key`."""
    ctm: dict[str, list[Segment]] = field(default_factory=dict)
    """Utterance -> labelled stretches of time, where known."""

    @cached_property
    def utt_ids(self) -> Sequence[str]:
        """Every utterance, sorted in the C locale."""
        speakers = self.tables.get("utt2spk", {})
        if isinstance(speakers, Column):  # names of a million utterances, once
            return speakers.ids
        return sorted(speakers, key=sort_key)

    def get(self, table: str, utt_id: str) -> str | None:
        """Value of `utt_id` in `table`; None when either is absent."""
        return self.tables.get(table, {}).get(utt_id)

    def recording(self, utt_id: str) -> tuple[str, float, float | None]:
        """Recording an utterance is part of, with start and end in seconds (None: to the end)."""
        segment = self.get("segments", utt_id)
        if segment is None:
            return utt_id, 0.0, None
        name, start, end = segment.split()
        return name, float(start), None if float(end) < 0 else float(end)

    def is_keyed(self, table: str) -> bool:
        """Whether the ids of a table are not utterances but recordings, images or the like."""
        known = find_table(table)
        return known is not None and known.keyed_by is not None and known.keyed_by in self.tables

    def keys(self, table: str, utt_ids: Iterable[str]) -> Iterator[str]:
        """The ids under which a table has what belongs to utterances, for those that have any."""
        known = find_table(table)
        if known is None or known.keyed_by not in self.tables:
            yield from utt_ids
            return
        names = self.tables[str(known.keyed_by)]
        for utt_id in utt_ids:
            if value := names.get(utt_id):
                yield value.split()[0]
            elif known.keyed_by == SEGMENTS:
                yield utt_id  # it is no part of a recording, but one itself

    def key(self, table: str, utt_id: str) -> str | None:
        """Id under which a table has what belongs to an utterance; None: the utterance has none."""
        return next(self.keys(table, [utt_id]), None)

    def named(self) -> dict[str, list[str]]:
        """Table that names images or the like, but no recordings -> tables that have these.

        Where there is no table that has them, as before their features are made, none is named.
        """
        keyed = [t for t in known_tables() if t.keyed_by in self.tables and t.name in self.tables]
        return {
            naming: [table.name for table in keyed if table.keyed_by == naming]
            for naming in dict.fromkeys(table.keyed_by for table in keyed)
            if naming is not None and naming != SEGMENTS
        }

    def locate(self, table: str, name: str) -> str | None:
        """Path or archive pointer of `name` in a table of files, ready to open.

        A relative entry is looked for beside the table first (so that dumps can be moved), else
        taken relative to the working directory, as Kaldi does.
        """
        value = self.get(table, name)
        return None if value is None else rebase(value, self.path)

    def subset(self, utt_ids: Iterable[str]) -> DataDir:
        """The data dir of some of the utterances, with only the recordings they need."""
        keep = set(utt_ids)
        tables = {}
        for name, rows in self.tables.items():
            keys = set(self.keys(name, keep))
            tables[name] = {key: value for key, value in rows.items() if key in keys}
        ctm = {utt_id: segments for utt_id, segments in self.ctm.items() if utt_id in keep}
        return dataclasses.replace(self, tables=tables, ctm=ctm)


def read_data_dir(path: str | Path) -> DataDir:
    """Read a data dir and check it.

    Raises:
        DataDirError: a line is malformed (named as file:line) or files disagree (the utterance is
            named); the message says how to cure it.
    """
    data, problems = parse_data_dir(path)
    raise_problems(problems or validate(data))
    return data


def parse_data_dir(path: str | Path) -> tuple[DataDir, list[str]]:
    """Read a data dir as far as it can be read: the data and the problems of single lines."""
    path = Path(path)
    if not path.is_dir():
        msg = f"{path}: no such data directory; run the data stage first or check the path"
        raise DataDirError(msg)
    ctm: dict[str, list[Segment]] = {}
    tables, problems = _parse_tables(path)
    if (path / "ctm").is_file():
        ctm, found = parse_ctm(path / "ctm")
        problems += found
    if "utt2spk" not in tables:
        problems.append(f"{path}/utt2spk: missing; it lists the utterances: '<utt> <speaker>'")
    elif (path / "spk2utt").is_file():
        problems += _spk2utt_problems(path / "spk2utt", tables["utt2spk"])
    return DataDir(path, tables, ctm), problems


def _parse_tables(path: Path) -> tuple[dict[str, Mapping[str, str]], list[str]]:
    present = {name: table for name, table in present_tables(path).items() if table.in_tables}
    tables: dict[str, Mapping[str, str]] = {}
    problems: list[str] = []
    ids: Ids | None = None
    # The list of all utterances first: most tables have its ids.
    for name in sorted(present, key=lambda name: name != SPEAKERS.name):
        is_plain = present[name].parse is parse_table
        column = read_column(path / name, ids) if is_plain else None
        if column is None:
            tables[name], found = present[name].parse(path / name)
            problems += found
        else:
            tables[name], ids = column, ids or column.ids
    return {name: tables[name] for name in present}, problems


def validate(data: DataDir) -> list[str]:
    """Disagreements between the files of a data dir; each names the file and the utterance."""
    utterances = data.tables.get("utt2spk", {})
    problems = [] if utterances else [f"{data.path}/utt2spk: holds no utterance"]
    for name, rows in data.tables.items():
        where, table = data.path / name, find_table(name)
        if not isinstance(rows, Column):  # which is read if these are right, and only then
            problems += [f"{where}: {p}" for key in rows if (p := id_problem(key))]
            noun = "transcript" if name.split(".")[0] == "text" else "value"
            problems += [f"{where}: {key}: empty {noun}" for key in rows if not rows[key]]
        if table is not None and table.problem is not no_problem:
            problems += [
                f"{where}: {key}: {p}" for key, value in rows.items() if (p := table.problem(value))
            ]
        if have_same_ids(rows, utterances):
            continue
        if not data.is_keyed(name):
            problems += [
                f"{where}: {key}: not in utt2spk; add it there or run utils/fix_data_dir.sh"
                for key in rows
                if key not in utterances
            ]
        if table is not None and table.complete and name == table.name:
            problems += [
                f"{where}: {key}: missing (it is in utt2spk); add it or run utils/fix_data_dir.sh"
                for key in sorted(key for key in utterances if key not in rows)
            ]
    problems += [
        f"{data.path}/ctm: {key}: not in utt2spk; run utils/fix_data_dir.sh"
        for key in data.ctm
        if key not in utterances
    ]
    return problems + _media_problems(data) + _naming_problems(data)


def write_data_dir(
    path: str | Path,
    tables: Mapping[str, Mapping[str, str]],
    ctm: Mapping[str, Iterable[Segment]] | None = None,
) -> DataDir:
    """Check, sort and write a data dir; derives `spk2utt`.

    Each file is replaced atomically, and nothing is written if anything is wrong. Tables left there
    by an earlier run that are not given now are deleted; foreign files are left alone.

    Raises:
        DataDirError: the tables break the contract of a data dir.
    """
    path = Path(path)
    data = DataDir(
        path,
        {name: _normalised(name, rows) for name, rows in tables.items() if rows},
        {utt_id: list(segments) for utt_id, segments in (ctm or {}).items()},
    )
    ours = [table.name for table in known_tables()]
    unknown = [name for name in tables if find_table(name) is None]
    raise_problems([f"{path}/{n}: not a table of a data dir{nearest(n, ours)}" for n in unknown])
    raise_problems(validate(data))
    for name, rows in data.tables.items():
        _known(name).write(path / name, rows)
    write_table(path / "spk2utt", invert(data.tables["utt2spk"]))
    if data.ctm:
        write_ctm(path / "ctm", data.ctm)
    stale = set(present_tables(path)) - set(data.tables) - ({STRETCHES.name} if data.ctm else set())
    for name in stale:
        (path / name).unlink(missing_ok=True)
    return data


def invert(utt2spk: Mapping[str, str]) -> dict[str, str]:
    """`spk2utt`: speaker -> its utterances, sorted, separated by spaces."""
    spk2utt: dict[str, list[str]] = {}
    for utt_id in sorted(utt2spk, key=sort_key):
        spk2utt.setdefault(utt2spk[utt_id], []).append(utt_id)
    return {speaker: " ".join(utt_ids) for speaker, utt_ids in spk2utt.items()}


def rebase(value: str, folder: Path) -> str:
    """`value` with `folder` in front if it is a relative path or pointer to a file in there."""
    name, separator, offset = value.rpartition(":")
    name = name if separator and offset.isdecimal() else value
    return str(folder / value) if (folder / name).is_file() else value


def _known(name: str) -> Table:
    table = find_table(name)
    assert table is not None, f"{name} was checked"
    return table


def _normalised(table: str, rows: Mapping[str, str]) -> dict[str, str]:
    ordered = {key: str(rows[key]).strip() for key in sorted(rows, key=sort_key)}
    if table.split(".")[0] != "text":
        return ordered
    # One id, one line: a line break inside a transcript would start a new row.
    return {
        key: unicodedata.normalize("NFC", " ".join(value.split())) for key, value in ordered.items()
    }


def _media_problems(data: DataDir) -> list[str]:
    """Utterances without audio and without video, and segments of unknown recordings."""
    utterances = data.tables.get("utt2spk", {})
    media = [data.tables.get(table.name, {}) for table in (SOUND, PICTURE, STATES, FILMS)]
    segments = data.tables.get(SEGMENTS, {})
    if not segments and any(have_same_ids(rows, utterances) for rows in media):
        return []
    recordings = {key: value.split()[0] for key, value in segments.items() if value}
    known: Collection[str] = {key for rows in media for key in rows}
    return [
        f"{data.path}: {key}: neither in wav.scp nor in video.scp"
        + (f" (recording '{recordings[key]}')" if key in recordings else "")
        + "; an utterance needs one of them, or run utils/fix_data_dir.sh"
        for key in data.utt_ids
        if recordings.get(key, key) not in known
    ]


def _naming_problems(data: DataDir) -> list[str]:
    """Images and the like that utterances name, and nobody has; recordings are media."""
    problems: list[str] = []
    for naming, held in data.named().items():
        there = {name for table in held for name in data.tables.get(table, {})}
        problems += [
            f"{data.path}/{naming}: {key}: '{value}' is in none of {', '.join(held)}; add it there "
            "or run utils/fix_data_dir.sh"
            for key, value in data.tables[naming].items()
            if value and value.split()[0] not in there
        ]
    return problems


def _spk2utt_problems(path: Path, utt2spk: Mapping[str, str]) -> list[str]:
    rows, problems = parse_table(path)
    expected = invert(utt2spk)
    wrong = [key for key in sorted({*rows, *expected}) if rows.get(key) != expected.get(key)]
    cure = "utils/utt2spk_to_spk2utt.pl utt2spk > spk2utt"
    return problems + [f"{path}: {key}: disagrees with utt2spk; run {cure}" for key in wrong[:3]]
