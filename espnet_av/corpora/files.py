"""Finding the files of a corpus on disk."""

from __future__ import annotations

import os
from collections.abc import Collection
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
