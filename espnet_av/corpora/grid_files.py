"""Names and files of the GRID corpus: what a clip is called, where it lies, when words are said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from espnet_av.corpora.files import visible_files
from espnet_av.data.data_dir import Segment

ALIGN_HZ = 25000
"""Unit of .align files; 1000 of them are a video frame."""

_WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"},
    dict(
        zip(
            "z123456789",
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            strict=True,
        )
    ),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)
"""Command, colour, preposition, letter, digit, adverb: one letter of the name each."""

_NAME = re.compile("".join(f"[{''.join(words)}]" for words in _WORDS))
_TALKER = re.compile(r"s([1-9]|[12][0-9]|3[0-4])")
_KINDS = {".mpg": "video", ".mp4": "video", ".wav": "audio", ".align": "align"}
_SILENCES = frozenset(("sil", "sp"))


class GridFiles(NamedTuple):
    """Files of one sentence; any may be missing."""

    talker: str
    name: str
    video: Path | None = None
    audio: Path | None = None
    align: Path | None = None


def sentence(name: str) -> str:
    """Spell out a six-letter name: `bbaf2n` is `bin blue at f two now`."""
    return " ".join(words[letter] for words, letter in zip(_WORDS, name, strict=True))


def find_files(root: Path) -> dict[str, GridFiles]:
    """Group every GRID file below `root` by utterance id; the copy nearest to `root` counts."""
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for path in sorted(visible_files(root, _KINDS), key=lambda path: len(path.parts)):
        talker = _talker(path.relative_to(root))
        kind = _KINDS[path.suffix.lower()]
        if talker is None or not _NAME.fullmatch(path.stem.lower()):
            continue
        found.setdefault((talker, path.stem.lower()), {}).setdefault(kind, path)
    return {
        f"{talker}-{name}": GridFiles(
            talker, name, paths.get("video"), paths.get("audio"), paths.get("align")
        )
        for (talker, name), paths in found.items()
    }


def read_align(path: Path) -> list[Segment]:
    """Word times in seconds; silences and pauses are labelled `sil`.

    Raises:
        ValueError: a line is not `start end word`, times run backwards, or there is no line.
    """
    segments: list[Segment] = []
    previous_end = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 3 or not fields[0].isdecimal() or not fields[1].isdecimal():
            msg = f"{path}:{number}: expected 'start end word', found '{line}'"
            raise ValueError(msg)
        start, end = int(fields[0]), int(fields[1])
        if start < previous_end or end < start:
            msg = f"{path}:{number}: times run backwards ({line})"
            raise ValueError(msg)
        previous_end = end
        label = "sil" if fields[2] in _SILENCES else fields[2].lower()
        if end > start:
            segments.append(Segment(start / ALIGN_HZ, (end - start) / ALIGN_HZ, label))
    if not segments:
        msg = f"{path}: no word times in it"
        raise ValueError(msg)
    return segments


def _talker(path: Path) -> str | None:
    """The innermost folder named after a talker."""
    return next((part for part in reversed(path.parts[:-1]) if _TALKER.fullmatch(part)), None)
