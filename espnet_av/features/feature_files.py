"""Features of anybody: a folder of .npy or .pt files, or a table that points into archives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from espnet_av.data.table import parse_table, raise_problems
from espnet_av.errors import DataDirError
from espnet_av.features.stored_array import SUFFIXES, ArrayShelf, StoredArray

_KINDS = " or ".join(SUFFIXES)


def find_features(source: Path, names: Collection[str]) -> dict[str, StoredArray]:
    """The arrays of files by name; names that are not there are left out.

    Args:
        source: a folder, searched with all folders in it for .npy and .pt files, or one that holds
            a single `.scp`; or a `.scp` of `<name> <file.ark>:<offset>`, or of .npy and .pt files.
        names: of a file without its ending, or with its folders below `source`, as `a/b`.

    Raises:
        DataDirError: there is nothing to read, a name stands for two files, or arrays have frames
            of several sizes.
        ArkError: an array is damaged.
    """
    found = _of_table(source, names) if source.suffix == ".scp" else _of_folder(source, names)
    first: tuple[str, StoredArray] | None = None
    for name, array in found.items():
        first = first or (name, array)
        if array.dim != first[1].dim:
            msg = (
                f"{array.where}: {array.dim} numbers a frame, but {first[1].dim} in "
                f"{first[1].where}; features of one model have one size (is it (frames, numbers)?)"
            )
            raise DataDirError(msg)
    return found


def _of_folder(folder: Path, names: Collection[str]) -> dict[str, StoredArray]:
    if not folder.is_dir():
        msg = f"{folder}: no such folder; give one with {_KINDS} files, or a .scp file"
        raise DataDirError(msg)
    paths: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES and p.is_file()):
        paths[path.stem].append(path)
        if path.parent != folder:
            paths[path.relative_to(folder).with_suffix("").as_posix()].append(path)
    if not paths:
        tables = sorted(folder.glob("*.scp"))
        if len(tables) == 1:
            return _of_table(tables[0], names)
        told = f"{len(tables)} .scp files, name one of them" if tables else "nothing of the kind"
        msg = f"{folder}: expected {_KINDS} files, or one .scp; there is {told}"
        raise DataDirError(msg)
    shelf, found = ArrayShelf(), {}
    for name in sorted(set(names) & paths.keys()):
        if len(paths[name]) > 1:
            one, other, *_ = paths[name]
            msg = (
                f"{name} stands for {one} and for {other}; keep one, or name it with its folder in "
                "the item file"
            )
            raise DataDirError(msg)
        found[name] = shelf.find(str(paths[name][0]))
    return found


def _of_table(table: Path, names: Collection[str]) -> dict[str, StoredArray]:
    rows, problems = parse_table(table)
    # Order does not matter here, and tables of others are sorted in other ways.
    raise_problems([problem for problem in problems if ": unsorted " not in problem])
    shelf = ArrayShelf()
    return {
        name: shelf.find(_place(table, rows[name]), name)
        for name in sorted(set(names) & rows.keys())
    }


def _place(table: Path, pointer: str) -> str:
    """Pointers of ours are from the table's folder, those of Kaldi from where one works."""
    path = pointer.rpartition(":")[0] or pointer
    beside = table.parent / path
    return str(table.parent / pointer) if beside.is_file() else pointer


def num_frames(arrays: Mapping[str, StoredArray]) -> dict[str, int]:
    """Frames of every array."""
    return {name: array.num_frames for name, array in arrays.items()}
