"""Lists of segments of talks, as MuST-C and mTEDx have them, and texts with a line for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from espnet_av.corpora.tsv import read_lines
from espnet_av.data.table import seconds
from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text

_PLAIN = re.compile(
    r"- \{(\w+: [^\s,:{}\[\]'\"#&*!|>%@`]+(?:, \w+: [^\s,:{}\[\]'\"#&*!|>%@`]+)*)\}"
)
"""An entry as all of these lists are written: one a line, of plain words and numbers."""
_AGAIN = "unpack the corpus again"


class TalkSegment(NamedTuple):
    """A stretch of a talk."""

    talk: str
    """Name of its file, without suffix."""
    start: float
    end: float
    speaker: str
    """"" where the list does not tell."""
    origin: str
    """`file:number`, of the line or entry."""


def read_talk_list(path: Path) -> list[TalkSegment | str]:
    """The segments of a list in YAML (`wav`, `offset`, `duration`, `speaker_id`), in its order.

    Returns:
        For each entry its segment, or what is wrong with it.

    Raises:
        DataDirError: no such list, no YAML, or no list.
    """
    found: list[TalkSegment | str] = []
    for number, entry in enumerate(_entries(path), 1):
        where = f"{path}:{number}"
        try:
            start, length = seconds(str(entry["offset"])), seconds(str(entry["duration"]))
            talk, speaker = Path(str(entry["wav"])).stem, str(entry.get("speaker_id") or "")
        except (KeyError, TypeError, ValueError, AttributeError):
            found.append(f"{where}: expected wav, offset and duration, got '{entry!s:.80}'")
            continue
        segment = TalkSegment(talk, start, start + length, speaker, where)
        found.append(segment_problem(segment) or segment)
    return found


def segment_problem(segment: TalkSegment) -> str | None:
    """What is wrong with the times of a segment."""
    if segment.start < 0 or segment.end <= segment.start:
        times = f"{segment.start:g} s to {segment.end:g} s"
        return f"{segment.origin}: {times}, a stretch without length or of negative times"
    return None


def read_aligned(path: Path, num_lines: int, beside: Path) -> list[str]:
    """Lines of a text that has one for each segment of the list `beside` it.

    Raises:
        DataDirError: no such text, or of another number of lines, so that none can be trusted.
    """
    lines = read_lines(path)
    while len(lines) > num_lines and not lines[-1].strip():  # as editors leave them
        lines.pop()
    if len(lines) != num_lines:
        msg = (
            f"{path}: {len(lines)} lines, but {beside.name} beside it has {num_lines} segments, so "
            f"texts and sound would not belong together; {_AGAIN}"
        )
        raise DataDirError(msg)
    return lines


def _entries(path: Path) -> Iterator[Any]:
    text = read_text(path, DataDirError, f"{_AGAIN}, or check the path of it in db.sh")
    lines = [line for line in text.splitlines() if line.strip()]
    plain = [_PLAIN.fullmatch(line) for line in lines]
    if all(plain):
        # Over ten times as fast as the parser, which has a quarter of a million entries to read.
        for match in plain:
            assert match is not None
            yield dict(item.split(": ") for item in match[1].split(", "))
        return
    # Texts alone: a talk may be called 12_3, which YAML takes for a number.
    try:
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        content = yaml.load(text, Loader=loader)  # noqa: S506 (it makes texts, and nothing else)
    except yaml.YAMLError as error:
        msg = f"{path}: no YAML ({' '.join(str(error).split())}); {_AGAIN}"
        raise DataDirError(msg) from error
    if not isinstance(content, list):
        msg = f"{path}: expected a list of segments, found a {type(content).__name__}; {_AGAIN}"
        raise DataDirError(msg)
    yield from content
