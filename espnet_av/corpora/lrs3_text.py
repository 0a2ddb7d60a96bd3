"""The text file beside each clip of LRS3."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_TAG = re.compile(r"\{[^}]*\}")
_WORD_HEADER = ("WORD", "START", "END")


class Word(NamedTuple):
    """One word and when it is said, in seconds."""

    word: str
    start: float
    end: float


class ClipText(NamedTuple):
    """What the file says."""

    text: str
    """Words without noise tags; may be empty."""
    words: list[Word]
    """Words with times, without noise tags; empty where the file has no such section."""


def read_clip_text(path: Path) -> ClipText:
    """Read a file of `Text:  WORDS`, `Conf:  n`, `Ref:  id`, a table of frames, a table of words.

    Only `Text:` has to be there; other sections may be absent and lines that are not known are
    passed over. Noise tags such as `{NS}` are taken out of the words. A word with times that run
    backwards or are no numbers makes the table of words useless, not the file.

    Raises:
        ValueError: no `Text:` line, or bytes that are not UTF-8.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    spoken = [line.partition(":")[2] for line in lines if line.lower().startswith("text:")]
    if not spoken:
        msg = f"{path}: no line 'Text:  WORDS' in it"
        raise ValueError(msg)
    return ClipText(strip_tags(spoken[0]), _words(lines))


def strip_tags(text: str) -> str:
    """`text` without `{...}` tags and with single spaces."""
    return " ".join(_TAG.sub(" ", text).split())


def _words(lines: list[str]) -> list[Word]:
    """Rows after the line `WORD START END [ASDSCORE]`, up to a blank line."""
    headers = [i for i, line in enumerate(lines) if tuple(line.upper().split()[:3]) == _WORD_HEADER]
    words: list[Word] = []
    previous = 0.0
    for line in lines[headers[0] + 1 :] if headers else []:
        fields = line.split()
        if not fields:
            break
        try:
            word = Word(strip_tags(fields[0]), float(fields[1]), float(fields[2]))
        except (ValueError, IndexError):
            return []
        if word.start < previous or word.end < word.start:
            return []
        previous = word.start
        if word.word:
            words.append(word)
    return words
