"""Hashes by which finished work, files and names are known again: SHA-256, the same everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

SHORT = 16
"""Hexadecimal digits of a fingerprint that people read."""
_FULL = 64


def fingerprint(parts: Iterable[str | bytes | memoryview], digits: int = _FULL) -> str:
    """Fingerprint of a content that comes in parts; where it is cut makes no difference.

    Args:
        parts: texts (hashed as UTF-8) and bytes, one after another.
        digits: how many hexadecimal digits of it.
    """
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part.encode() if isinstance(part, str) else part)
    return hashed.hexdigest()[:digits]


def file_fingerprint(path: Path, digits: int = _FULL) -> str:
    """Fingerprint of what a file holds, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:digits]


def place_of(name: str) -> bytes:
    """Key that sorts names into an order without a meaning, the same on every machine."""
    return hashlib.sha256(name.encode()).digest()


def number_of(name: str) -> int:
    """A number in [0, 2**64) that a name always gets, to choose or to seed with."""
    return int.from_bytes(place_of(name)[:8], "big")


def sha1_of(name: str) -> int:
    """SHA-1 of a name as a number, by which others split their corpora."""
    return int(hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(), 16)
