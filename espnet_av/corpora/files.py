"""Finding the files of a corpus on disk."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path, PurePath


def visible_files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Every file below a folder with one of the suffixes (lower case), in order of their names.

    Links to folders are followed. Hidden files are passed over: archives packed on a Mac carry a
    hidden twin of every file.
    """
    return sorted(
        Path(place, name)
        for place, _, names in os.walk(folder, followlinks=True)
        for name in names
        if PurePath(name).suffix.lower() in suffixes
        and not name.startswith(".")
        and "__MACOSX" not in place
    )


def list_names(folder: Path) -> frozenset[str]:
    """Names in a folder, for `file_of`; none if it is not there."""
    return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()


def file_of(folder: Path, stem: str, suffixes: Sequence[str], there: Collection[str]) -> Path:
    """The file with the first suffix that is `there`, as it is given out or converted once.

    Where there is none it is the one with the first suffix, which is missing then.
    """
    names = [f"{stem}{suffix}" for suffix in suffixes]
    return folder / next((name for name in names if name in there), names[0])
