"""The files that names, folders and patterns stand for, and what their results are called."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from espnet_av.errors import ConfigError

SUFFIXES = (
    ".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".aiff", ".mp4", ".mkv",
    ".mov", ".avi", ".webm", ".mpg", ".mpeg", ".m4v", ".ts", ".flv", ".3gp", ".mxf",
)  # fmt: skip
"""Of files that are looked for in folders."""


def find_files(names: Sequence[str]) -> list[str]:
    """Every file once: files as they are named, those of folders and patterns in order.

    Folders are searched with all below them, for files of sound and video. A name that is there is
    no pattern, whatever it is made of; one that is nowhere is left as it is: its reader tells.

    Raises:
        ConfigError: a folder or pattern has no such file.
    """
    found: dict[str, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = [p for p in sorted(path.rglob("*")) if _is_media(p.relative_to(path), p)]
            files = [str(p) for p in inside]
            what = "no file of sound or video in this folder"
        elif not path.exists() and glob.has_magic(name):
            # Path.glob knows no absolute patterns.
            files = [p for p in sorted(glob.glob(name, recursive=True)) if Path(p).is_file()]  # noqa: PTH207
            what = "no file of this pattern"
        else:
            files, what = [name], ""
        if not files:
            msg = f"{name}: {what}; check it, or name the files"
            raise ConfigError(msg)
        found |= dict.fromkeys(files)
    return list(found)


def result_names(paths: Sequence[str], taken: frozenset[str] = frozenset()) -> dict[str, str]:
    """Path -> name of its results, without suffix; no two are the same, also as capitals go.

    It is the file's own, with its suffix, then with a number, where another has it.

    Args:
        paths: of different files.
        taken: names that are in use, in small letters.
    """
    stems = [Path(path).stem.casefold() for path in paths]
    used, names = set(taken), {}
    for path, stem in zip(paths, stems, strict=True):
        first = Path(path).stem if stems.count(stem) == 1 else Path(path).name
        name, number = first, 1
        while name.casefold() in used:
            number += 1
            name = f"{first}-{number}"
        used.add(name.casefold())
        names[path] = name
    return names


def _is_media(inside: Path, path: Path) -> bool:
    """Whether it is one, and neither hidden nor in a hidden folder."""
    is_hidden = any(part.startswith(".") for part in inside.parts)
    return path.suffix.lower() in SUFFIXES and not is_hidden and path.is_file()
