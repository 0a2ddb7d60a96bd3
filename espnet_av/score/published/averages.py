"""Whether published tables agree with themselves and with each other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from espnet_av.score.published.tables import Place, Published, Row, read_rows

TOLERANCE = 0.1
"""Cells and averages are each rounded to one decimal."""
_SLACK = 1e-9


@dataclass(frozen=True)
class AverageCheck:
    """A printed average beside the unweighted mean of its row."""

    table: str
    row: str
    printed: float
    recomputed: float

    @property
    def agrees(self) -> bool:
        """To the last printed digit, which rounding twice may move by one."""
        return abs(self.printed - self.recomputed) <= TOLERANCE + _SLACK


def mean_of(row: Row, languages: list[str], place: Place) -> float | None:
    """Mean of a row's cells that an average at this place is made of; None if one is missing."""
    values = {
        cell.place.lang: cell.value
        for cell in row.cells
        if cell.place == replace(place, lang=cell.place.lang)
    }
    parts = [values.get(lang) for lang in languages]
    present = [part for part in parts if part is not None]
    return sum(present) / len(present) if present and len(present) == len(parts) else None


def check_averages(published: Published) -> list[AverageCheck]:
    """Recompute every printed average whose row holds all its languages."""
    checks = []
    for table in published.tables:
        for row in read_rows(table, published):
            for cell in row.cells:
                mean = mean_of(row, published.languages, cell.place)
                if cell.place.lang is None and cell.value is not None and mean is not None:
                    name = ", ".join(row.leads.values())
                    checks.append(AverageCheck(table.number, name, cell.value, mean))
    return checks


def find_conflicts(published: Published) -> list[str]:
    """Scores that two tables, or two rows, give differently; each with all its places."""
    found: dict[Place, dict[float, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table in published.tables:
        for row in read_rows(table, published):
            for cell in row.cells:
                if cell.value is not None:
                    found[cell.place][cell.value].append(table.number)
    return [
        f"{_words(place)}: "
        + ", ".join(f"{value:g} in table {'/'.join(tables)}" for value, tables in values.items())
        for place, values in found.items()
        if len(values) > 1
    ]


def _words(place: Place) -> str:
    what = place.made or place.lang or place.group
    return " ".join(filter(None, (place.system, place.mode, place.noise, what, place.metric)))


def num_repeated(published: Published) -> int:
    """Scores that occur more than once."""
    counts: dict[Place, int] = defaultdict(int)
    for table in published.tables:
        for row in read_rows(table, published):
            for cell in row.cells:
                counts[cell.place] += cell.value is not None
    return sum(count > 1 for count in counts.values())
