"""What an index says of itself: its model, its teacher, its archives (`index.yaml`)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.config import build
from espnet_av.data.dataset_config import Modalities
from espnet_av.errors import AVError, DataDirError
from espnet_av.yaml_file import read_yaml_keys

REPORT = "index.yaml"
FORMAT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class NotedModel:
    """The speech model whose vectors are in an index."""

    places: list[str]
    """Its experiment or packed model: relative to the index, and from the root."""
    checkpoint: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class NotedTeacher:
    """The text encoder that understands words in the same space."""

    id: str
    places: list[str]
    """Its folder, likewise; empty: nobody said where it is."""
    model: str = ""
    revision: str = ""


@dataclass(frozen=True, kw_only=True)
class IndexReport:
    """The content of `index.yaml`."""

    format_version: int = FORMAT_VERSION
    model: NotedModel
    teacher: NotedTeacher | None
    modality: Modalities
    width: int
    """Numbers of a vector."""
    num_utts: int
    num_dropped: int
    sets: dict[str, int]
    """Name of each dump -> its utterances."""
    archives: dict[str, int]
    """`vectors.<shard>.ark:<offset>` of each matrix -> its rows, in their order."""


def places_of(path: Path, folder: Path) -> list[str]:
    """How a path is noted in a folder, so that both, or either, may be moved."""
    return [os.path.relpath(path, folder), str(path.resolve())]


def find_place(places: Sequence[str], folder: Path) -> Path | None:
    """The first of noted places that is there; None: none is."""
    found = (folder / place for place in places)
    return next((Path(os.path.normpath(path)) for path in found if path.exists()), None)


def write_report(folder: Path, report: IndexReport) -> None:
    """Write `index.yaml`."""
    with atomic_write(folder / REPORT) as stream:
        yaml.safe_dump(asdict(report), stream, sort_keys=False, allow_unicode=True)


def read_report(folder: Path) -> IndexReport:
    """What an index says of itself.

    Raises:
        DataDirError: there is no index, or it is damaged, or of another version.
    """
    path, cure = folder / REPORT, "make the index again ('espnet-av index')"
    if not path.is_file():
        what = "no index" if folder.is_dir() else "no such folder"
        msg = f"{folder}: {what} ({REPORT} is missing); make one: espnet-av index --model "
        msg += f"exp/samu --data_dirs dump/test --teacher downloads/labse {folder}"
        raise DataDirError(msg)
    content: Mapping[str, Any] = read_yaml_keys(path, DataDirError, cure)
    if content.get("format_version") != FORMAT_VERSION:
        found = str(content.get("format_version"))[:20]
        msg = f"{path}: an index of format {found}, this version reads {FORMAT_VERSION}; {cure}"
        raise DataDirError(msg)
    try:
        return build(IndexReport, dict(content), str(path))
    except AVError as error:
        msg = f"{error}; {cure}"
        raise DataDirError(msg) from error
