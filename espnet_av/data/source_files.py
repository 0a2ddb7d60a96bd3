"""Whether the files that something was made of are still the same; each is only looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from espnet_av.atomic import atomic_write

TO_FETCH = "to_fetch.txt"
_BLOCK = 1 << 16
_NUM_BLOCKS = 128
"""Of a file larger than so many blocks, so many all over it are compared."""


def plain_file(path: str | None) -> str | None:
    """The file that a path or a pointer into an archive means; None: it is not there."""
    for name in (path, path and path.rpartition(":")[0]):
        if name and Path(name).is_file():
            return name
    return None


def write_to_fetch(folder: Path, paths: Iterable[str]) -> None:
    """List the files that are missing or damaged: when one comes, `av.sh` does the stage again."""
    with atomic_write(folder / TO_FETCH) as stream:
        stream.writelines(f"{path}\n" for path in sorted(set(paths)) if "\n" not in path)


def changed_ns(path: str) -> int:
    """When a file's content, name or rights changed last (`ctime`); 0 if there is none.

    A copy cannot set that back, as it can with the time of modification.
    """
    try:
        return Path(path).stat().st_ctime_ns
    except OSError:
        return 0


def digest_sources(paths: Iterable[str], whole: Iterable[str]) -> list[str]:
    """Digests of the contents of files, in the order of their sorted paths.

    Args:
        paths: the files.
        whole: those of which every byte counts, for they were found damaged; of other large ones a
            part is compared.
    """
    every_byte = frozenset(whole)
    return [_digest(path, path in every_byte) for path in sorted(set(paths))]


def are_same(digests: Sequence[str], paths: Iterable[str], whole: Iterable[str], ns: int) -> bool:
    """True when no file has another content than it had; one that was only touched is the same.

    Args:
        digests: what `digest_sources` found.
        paths: the files.
        whole: as there.
        ns: when that was; files that have not changed since are not read.
    """
    every_byte, files = frozenset(whole), sorted(set(paths))
    return len(digests) == len(files) and all(
        changed_ns(path) <= ns or _digest(path, path in every_byte) == found
        for path, found in zip(files, digests, strict=True)
    )


def _digest(path: str, is_whole: bool) -> str:
    try:
        with Path(path).open("rb") as file:
            size = Path(path).stat().st_size
            hashed = hashlib.blake2b(str(size).encode(), digest_size=16)
            num_blocks = -(-size // _BLOCK)
            if is_whole or num_blocks <= _NUM_BLOCKS:
                _add(hashed, file, size)
            else:
                for number in range(_NUM_BLOCKS):
                    file.seek(number * (size - _BLOCK) // (_NUM_BLOCKS - 1))
                    hashed.update(file.read(_BLOCK))
            return hashed.hexdigest()
    except OSError:
        return "gone"


def _add(hashed: hashlib.blake2b, file: BinaryIO, size: int) -> None:
    for _ in range(0, size, _BLOCK):
        hashed.update(file.read(_BLOCK))
