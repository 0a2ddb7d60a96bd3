"""Praat's TextGrid as text, long or short, as the Montreal Forced Aligner writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from espnet_av.errors import DataDirError

_NUMBER = r"(?<![\w.\[])([-+]?\d[\d.]*(?:[eE][-+]?\d+)?)(?![\w\]])"
_TOKEN = re.compile(rf'"((?:[^"]|"")*)"|{_NUMBER}|<exists>')
"""Texts, numbers that stand alone (not the 1 of `intervals [1]:`), and the flag of tiers."""
_INTERVALS, _POINTS = "IntervalTier", "TextTier"
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb": "utf-8-sig"}


class Interval(NamedTuple):
    """A stretch of a tier."""

    start: float
    """In seconds."""
    end: float
    label: str
    """"": nothing, which aligners mean as silence."""


def read_textgrid(path: Path) -> dict[str, list[Interval]]:
    """Name of a tier -> its intervals, by start; tiers of points are left out.

    Raises:
        DataDirError: it is not there, is no TextGrid, was cut short, or its times go back.
    """
    tokens = _tokens(path)
    try:
        tiers = _parse(tokens)
    except (IndexError, ValueError) as error:
        msg = f"{path}: no whole TextGrid ({error}): it was cut short or edited; align it again"
        raise DataDirError(msg) from error
    for name, intervals in tiers.items():
        last = 0.0
        for interval in intervals:
            if not last <= interval.start + 1e-6 or interval.end < interval.start:
                msg = (
                    f"{path}: tier '{name}': '{interval.label}' from {interval.start:g} to "
                    f"{interval.end:g} s, after {last:g} s; times must not go back"
                )
                raise DataDirError(msg)
            last = interval.end
    return tiers


def _tokens(path: Path) -> list[str | float | None]:
    """Texts, numbers, and None for the flag that tiers follow."""
    try:
        content = path.read_bytes()
        text = content.decode(_MARKS.get(content[:2], "utf-8"))
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); check the folder of alignments"
        raise DataDirError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: neither UTF-8 nor UTF-16; write it as text, in UTF-8"
        raise DataDirError(msg) from error
    if '"TextGrid"' not in text[:200]:
        msg = f'{path}: no TextGrid as text (its head has no "TextGrid"); write it as text in Praat'
        raise DataDirError(msg)
    found: list[str | float | None] = []
    for match in _TOKEN.finditer(text):
        quoted, number = match[1], match[2]
        if quoted is not None:
            found.append(quoted.replace('""', '"'))
        else:
            found.append(float(number) if number else None)
    return found


def _parse(tokens: list[str | float | None]) -> dict[str, list[Interval]]:
    at = tokens.index(None) + 1
    count, at = int(_number(tokens, at)), at + 1
    tiers: dict[str, list[Interval]] = {}
    for _ in range(count):
        kind, name, size = tokens[at], tokens[at + 1], int(_number(tokens, at + 4))
        at += 5
        if kind not in (_INTERVALS, _POINTS):
            msg = f"a tier of kind {kind!r}"
            raise ValueError(msg)
        width = 3 if kind == _INTERVALS else 2
        rows = [tokens[at + width * n : at + width * (n + 1)] for n in range(size)]
        at += width * size
        if kind == _INTERVALS:
            tiers[str(name)] = [
                Interval(_number(row, 0), _number(row, 1), str(row[2]).strip()) for row in rows
            ]
        elif rows and len(rows[-1]) < width:
            raise IndexError(name)
    return tiers


def _number(tokens: list[str | float | None], at: int) -> float:
    value = tokens[at]
    if not isinstance(value, float):
        msg = f"{value!r} where a number is expected"
        raise ValueError(msg)
    return value
