"""Who speaks when: lines of `SPEAKER <recording> 1 <start> <duration> <NA> <NA> <talker> ...`.

In a table the turns of a recording are one value, `<start> <duration> <talker> ...`. They may
overlap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from espnet_av.atomic import atomic_write
from espnet_av.data.table import Segment, decoded_lines, id_problem, seconds, sort_key

_KINDS_WITHOUT_TURNS = ("SPKR-INFO", "NON-SPEECH", "NOSCORE")
_TALKER = 7
"""Place of the talker in a line; places 8 and 9, or 8 alone, are not used."""


def parse_rttm(path: Path) -> tuple[dict[str, str], list[str]]:
    """Read one file: turns of every recording by their start, and problems that name the line.

    An empty file is right: nobody speaks.
    """
    if path.is_file() and not path.stat().st_size:
        return {}, []
    turns: dict[str, list[Segment]] = {}
    problems: list[str] = []
    for place, line in decoded_lines(path, problems):
        fields = line.split()
        if fields[0] in _KINDS_WITHOUT_TURNS or line.startswith(";"):
            continue
        try:
            turn = Segment(seconds(fields[3]), seconds(fields[4]), fields[_TALKER])
            if fields[0] != "SPEAKER" or len(fields) > _TALKER + 3 or not _is_right(turn):
                raise ValueError(line)
        except (ValueError, IndexError):
            form = "SPEAKER <recording> 1 <start> <duration> <NA> <NA> <talker> <NA> <NA>"
            problems.append(f"{place}: expected '{form}', got '{line}'")
            continue
        if problem := id_problem(fields[1]):
            problems.append(f"{place}: {problem}")
        turns.setdefault(fields[1], []).append(turn)
    return {name: format_turns(turns[name]) for name in sorted(turns, key=sort_key)}, problems


def write_rttm(path: Path, rows: Mapping[str, str]) -> None:
    """Write the turns of all recordings, sorted by recording and start, atomically."""
    with atomic_write(path) as stream:
        for name in sorted(rows, key=sort_key):
            for turn in parse_turns(rows[name]):
                times = f"{_number(turn.start)} {_number(turn.duration)}"
                stream.write(f"SPEAKER {name} 1 {times} <NA> <NA> {turn.label} <NA> <NA>\n")


def parse_turns(value: str) -> list[Segment]:
    """The turns of one recording, in seconds.

    Raises:
        ValueError: they are no turns.
    """
    parts = value.split()
    turns = [
        Segment(seconds(start), seconds(duration), talker)
        for start, duration, talker in zip(*(parts[place::3] for place in range(3)), strict=True)
    ]
    if not all(map(_is_right, turns)):
        raise ValueError(value)
    return turns


def format_turns(turns: Sequence[Segment]) -> str:
    """The value of a table: turns by their start."""
    ordered = sorted(turns)
    return " ".join(f"{_number(t.start)} {_number(t.duration)} {t.label}" for t in ordered)


def turns_problem(value: str) -> str | None:
    """What is wrong with a value; None when it is right."""
    try:
        parse_turns(value)
    except ValueError:
        return f"expected '<start> <duration> <talker> ...' in seconds, got '{value:.60}'"
    return None


def cut_turns(value: str, start: float, end: float | None) -> str:
    """What of the turns of a recording lies in a segment, in seconds from its start."""
    last = math.inf if end is None else end
    parts = [(max(t.start, start), min(t.start + t.duration, last), t) for t in parse_turns(value)]
    return format_turns([Segment(a - start, b - a, t.label) for a, b, t in parts if b > a])


def _is_right(turn: Segment) -> bool:
    return turn.start >= 0 and turn.duration >= 0


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
