"""Decoded conditions: what decoding recorded of each, and that they belong together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from espnet_av.data.rttm import parse_rttm
from espnet_av.data.table import parse_table, raise_problems, sort_key
from espnet_av.errors import DataDirError
from espnet_av.predict.condition import decode_again
from espnet_av.predict.results_dir import DONE, INFO
from espnet_av.temporary import sweep
from espnet_av.text_file import read_json, read_text

_INFO = ("set", "mode", "noise", "exp_dir", "checkpoint", "train_seed", "seed", "config")
"""Of what decoding recorded, what scoring cannot do without."""
_GROUPINGS = ("utt2lang", "utt2category", "utt2target")
TEXT = "text"
"""Kind of every prediction that was made before there was a choice."""
SOURCES = "ref.source"
"""What was said where `ref` has translations of it."""


@dataclass(frozen=True)
class Decoded:
    """The folder of one condition."""

    folder: Path
    info: dict[str, Any]
    """What decoding recorded (`decode.json`)."""

    @property
    def kind(self) -> str:
        """Kind of prediction."""
        return str(self.info.get("kind", TEXT))

    @cached_property
    def tables(self) -> dict[str, dict[str, str]]:
        """Table name (`utt2lang`) -> utterance -> group, of what utterances are grouped by."""
        paths = {name: self.folder / name for name in _GROUPINGS}
        return {name: read_rows(path) for name, path in paths.items() if path.is_file()}

    @property
    def groups(self) -> dict[str, dict[str, str]]:
        """Of `tables`, those with at least two groups."""
        return {name: rows for name, rows in self.tables.items() if len(set(rows.values())) > 1}

    @property
    def fingerprint(self) -> str:
        """What the predictions were made from, hashed."""
        return read_text(self.folder / DONE, DataDirError, decode_again(self.folder)).strip()


def find_conditions(decode_dir: Path) -> list[Path]:
    """Folders of finished conditions below a decoding folder, in order of their names.

    Raises:
        DataDirError: there is none, or one is unfinished.
    """
    for folder in decode_dir.glob("*/"):
        sweep(folder)
    # Hidden ones are being written, or were when the machine went down.
    found = (path.parent for path in decode_dir.glob(f"*/*/{INFO}"))
    folders = sorted(path for path in found if not path.name.startswith("."))
    if not folders:
        msg = f"{decode_dir}: no decoded condition below; run the decode stage (10) first"
        raise DataDirError(msg)
    for folder in folders:
        if not (folder / DONE).is_file():
            msg = f"{folder}: decoding did not finish; {decode_again(folder)}"
            raise DataDirError(msg)
    return folders


def read_condition(folder: Path) -> Decoded:
    """Read what decoding recorded of a condition.

    Raises:
        DataDirError: the record is missing, damaged, or lacks a fact; file and cure named.
    """
    info = read_json(folder / INFO, DataDirError, decode_again(folder))
    lacking = [key for key in _INFO if key not in info]
    if lacking:
        msg = f"{folder / INFO}: lacks {', '.join(lacking)}; {decode_again(folder)}"
        raise DataDirError(msg)
    return Decoded(folder, info)


def check_one_system(conditions: Sequence[Decoded]) -> None:
    """Check that all conditions were decoded with the same weights and the same search.

    Raises:
        DataDirError: two were not; the fact is named.
    """
    first, *others = conditions
    told = _system_of(first)
    for condition in others:
        for key, value in _system_of(condition).items():
            if value != told.get(key):
                msg = (
                    f"{condition.folder}: decoded with {key} {value}, but {first.folder} with "
                    f"{told.get(key)}; one table is of one system: decode both alike (stage 10), "
                    "or remove the folder that does not belong here"
                )
                raise DataDirError(msg)


def _system_of(condition: Decoded) -> dict[str, Any]:
    """What is the same in every condition of a system."""
    info = condition.info
    search = {key: value for key, value in info["config"].items() if key != "batch_frames"}
    return {key: info[key] for key in ("exp_dir", "checkpoint", "train_seed")} | search


def read_rows(path: Path) -> dict[str, str]:
    """Rows by utterance; an empty value is kept, which for a hypothesis is a result."""
    rows, problems = parse_table(path)
    raise_problems([problem for problem in problems if ": empty " not in problem])
    return dict(sorted(rows.items(), key=lambda row: sort_key(row[0])))


def read_turns(path: Path) -> dict[str, str]:
    """Recording -> its turns, of an RTTM file.

    Raises:
        DataDirError: a line is none; it is named.
    """
    rows, problems = parse_rttm(path)
    raise_problems(problems)
    return rows


def read_references(
    condition: Decoded,
    name: str,
    table: str,
    read: Callable[[Path], dict[str, str]] = read_rows,
) -> dict[str, str]:
    """Rows of a file of references.

    Raises:
        DataDirError: there is none, as the test set has no such table, or it is empty.
    """
    path = condition.folder / name
    rows = read(path) if path.is_file() else {}
    if not rows:
        state = "empty" if path.is_file() else "missing"
        msg = f"{path}: {state}; the test set had no {table}, so it cannot be scored"
        raise DataDirError(msg)
    return rows
