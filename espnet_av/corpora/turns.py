"""Turns of talkers that come beside recordings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from espnet_av.data.rttm import parse_rttm, parse_turns
from espnet_av.data.table import Segment, raise_problems
from espnet_av.errors import DataDirError


def read_turns(path: Path, names: Iterable[str]) -> dict[str, tuple[Segment, ...]]:
    """Turns of recordings by their names, without those of no length.

    Raises:
        DataDirError: an empty file, a line that is no turn, or turns of other recordings alone.
    """
    rows, problems = parse_rttm(path)
    raise_problems(problems)
    names = set(names)
    if not rows:
        msg = f"{path}: no turn in it; make it again, or leave its split out"
        raise DataDirError(msg)
    if names and not names & rows.keys():
        msg = (
            f"{path}: none of its {len(rows)} recordings, such as '{next(iter(rows))}', is one "
            f"of the {len(names)}, such as '{min(names)}': it is of other recordings, or calls "
            "them otherwise; give the turns of these"
        )
        raise DataDirError(msg)
    return {
        name: tuple(turn for turn in parse_turns(value) if turn.duration > 0)
        for name, value in rows.items()
    }


def turns_within(turns: Iterable[Segment], seconds: float) -> tuple[Segment, ...]:
    """What of the turns lies before the end of a recording."""
    return tuple(
        turn._replace(duration=min(turn.duration, seconds - turn.start))
        for turn in turns
        if turn.start < seconds
    )


def last_end(turns: Iterable[Segment]) -> float:
    """When the last turn ends, in seconds; 0 without turns."""
    return max((turn.start + turn.duration for turn in turns), default=0.0)
