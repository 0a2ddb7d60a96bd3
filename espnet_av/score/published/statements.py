"""What a paper's text says of means over rows of its tables, recomputed from these rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from statistics import fmean
from typing import TYPE_CHECKING

from espnet_av.errors import ConfigError

if TYPE_CHECKING:
    from espnet_av.score.published.tables import Row

TOLERANCE = 0.01
"""Two decimals are printed, and some are cut off instead of rounded."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One figure of the text: a mean over systems, or by how much it is below another."""

    about: str
    """What it is said to be."""
    column: str
    """Heading of the figures."""
    systems: tuple[str, ...]
    """Those that it is a mean of, as patterns; what several of these name counts as often."""
    against: tuple[str, ...] = ()
    """Then the figure is by how many percent their mean is above that of `systems`."""
    printed: float
    """What stands in the paper."""
    note: str = ""
    """Where it is from, or what is wrong with it."""


@dataclass(frozen=True)
class StatementCheck:
    """A statement and what the rows give."""

    statement: Statement
    recomputed: float

    @property
    def agrees(self) -> bool:
        """To the last printed digit."""
        return abs(self.recomputed - self.statement.printed) < TOLERANCE


def check_statement(statement: Statement, columns: Sequence[str], rows: Sequence[Row]) -> float:
    """Recompute a statement.

    Args:
        statement: of the text.
        columns: headings of the figures.
        rows: of the table.

    Raises:
        ConfigError: it names a column or a system that the table has not.
    """
    if statement.column not in columns:
        msg = f"statements: {statement.about}: column {statement.column}: there are {columns}"
        raise ConfigError(msg)
    place = list(columns).index(statement.column)
    mean = _mean(statement, statement.systems, place, rows)
    if not statement.against:
        return mean
    return 100.0 * (1.0 - mean / _mean(statement, statement.against, place, rows))


def _mean(statement: Statement, patterns: Sequence[str], place: int, rows: Sequence[Row]) -> float:
    values: list[float] = []
    for pattern in patterns:
        cells = [row.cells[place] for row in rows if fnmatchcase(row.leads["system"], pattern)]
        found = [cell.value for cell in cells if cell.value is not None]
        if not found:
            msg = (
                f"statements: {statement.about}: {pattern}: no row with a figure is of this system"
            )
            raise ConfigError(msg)
        values += found
    return fmean(values)
