"""Making a broken data dir valid by sorting it and leaving out what does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

from espnet_av.data.data_dir import DataDir, parse_data_dir, write_data_dir
from espnet_av.data.dropped import Drop
from espnet_av.data.fields import known_tables, present_tables
from espnet_av.data.table import id_problem
from espnet_av.data.tables import FILMS, PICTURE, SEGMENTS, SOUND
from espnet_av.errors import DataDirError

BACKUP = ".backup"
"""Folder inside a data dir that keeps the files as they were before the last repair."""


def repair(path: str | Path) -> tuple[DataDir, list[Drop], list[str]]:
    """Sort every file, keep the first of duplicate lines, and drop incomplete utterances.

    An utterance that names an image which nobody has stays, without one.

    The previous files go to `.backup/` first.

    Returns:
        The repaired data dir, what was dropped, and the problems of single lines that were found.

    Raises:
        DataDirError: there is no `utt2spk`, or no utterance is complete.
    """
    path = Path(path)
    data, problems = parse_data_dir(path)
    if "utt2spk" not in data.tables:
        raise DataDirError("\n".join(problems))
    reasons = {utt_id: _reason(data, utt_id) for utt_id in data.utt_ids}
    drops = [Drop(utt_id, reason, "") for utt_id, reason in reasons.items() if reason]
    kept = data.subset([utt_id for utt_id, reason in reasons.items() if not reason])
    tables = {
        name: {key: value for key, value in rows.items() if value}
        for name, rows in kept.tables.items()
    }
    for naming, held in kept.named().items():
        there = {name for table in held for name in tables.get(table, {})}
        rows = tables[naming]
        tables[naming] = {key: value for key, value in rows.items() if value in there}
    _back_up(path)
    return write_data_dir(path, tables, kept.ctm), drops, problems


def _reason(data: DataDir, utt_id: str) -> str | None:
    """Why an utterance cannot stay."""
    if id_problem(utt_id):
        return "bad id"
    complete = [table.name for table in known_tables() if table.complete]
    for name in ("utt2spk", *complete, SEGMENTS):
        if name in data.tables and not data.get(name, utt_id):
            return f"not in {name}"
    name = data.key(SOUND.name, utt_id) or utt_id
    if not any(data.get(table.name, name) for table in (SOUND, PICTURE, FILMS)):
        return "neither in wav.scp nor in video.scp"
    return None


def _back_up(path: Path) -> None:
    (path / BACKUP).mkdir(exist_ok=True)
    for name in (*present_tables(path), "spk2utt"):
        if (path / name).is_file():
            shutil.copy2(path / name, path / BACKUP / name)
