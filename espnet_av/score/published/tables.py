"""Tables of a paper as `expected_scores.yaml` holds them: row by row, as printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from espnet_av.config import unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.predict.condition import CLEAN, MODES, parse_noise
from espnet_av.score.published.improvements import Improvement
from espnet_av.score.published.statements import Statement, StatementCheck, check_statement

LEADS = ("noise", "system", "mode", "source")
"""Columns that say what a row is about; they come before the figures."""
Group = Literal["avg", "ood"]


@dataclass(frozen=True)
class Place:
    """Which score a cell holds: the same place in two tables is the same score."""

    system: str
    mode: str
    noise: str
    group: Group
    """`avg`: the corpus itself; `ood`: test sets of another domain."""
    lang: str | None
    """None: the unweighted mean over the languages."""
    made: str = ""
    """One of the `groups` or `derived` figures, in place of test sets; empty: none."""
    metric: str = ""
    """Empty: that of the scoring."""


@dataclass(frozen=True)
class Cell:
    """A figure of the paper."""

    place: Place
    value: float | None
    """None: the paper gives none."""
    erratum: Erratum | None = None


@dataclass(frozen=True)
class Row:
    """A row of the paper."""

    leads: dict[str, str]
    cells: list[Cell]


@dataclass(frozen=True, kw_only=True)
class Erratum:
    """A cell that the paper prints wrong or cut off."""

    row: list[str]
    """What the row is about, as its first columns say."""
    column: str
    """Heading of the cell."""
    printed: str
    """What stands in the paper."""
    value: float
    """What it must be."""
    reason: str
    """How that is known."""


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """One table."""

    number: str
    """As the paper counts: `2`, or `Figure 4`."""
    title: str
    """What it shows."""
    source: str
    """The publication."""
    into: str | None = None
    """Language that the columns' languages are translated into."""
    labels: dict[str, str] = field(default_factory=dict)
    """System -> how this table calls it, where that is not its name in `systems`."""
    metric: str = ""
    """What its figures are; empty: the metric of the scoring."""
    scale: float = 1.0
    """What its figures are multiplied by to be in the unit of the metric: 100 of 0.38."""
    columns: list[str]
    """First those of `noise`, `system`, `mode`, `source` that the rows begin with; if `noise` is
    the first, each noise has a block of its own. Then the figures: a language, `avg` or `ood`, or
    one of the `groups` or `derived`, with mode and noise when no column gives them (`clean A`)."""
    rows: list[list[Any]]
    """Cells as printed, in the paper's order; null where the paper has a dash."""
    errata: list[Erratum] = field(default_factory=list)
    """Cells to correct."""
    statements: list[Statement] = field(default_factory=list)
    """What the text says of means over its rows."""

    @cached_property
    def leads(self) -> list[str]:
        """The columns before the figures."""
        return [name for name in self.columns if name in LEADS]

    @property
    def figures(self) -> list[str]:
        """The columns with figures."""
        return self.columns[len(self.leads) :]


@dataclass(frozen=True, kw_only=True)
class Published:
    """Everything that was published about a task."""

    languages: list[str] = field(default_factory=list)
    """Averages are unweighted means over these."""
    sets: dict[str, str] = field(default_factory=dict)
    """`avg` and `ood` -> name of their test sets, as in `test_{lang}`."""
    systems: dict[str, str] = field(default_factory=dict)
    """What `--system` may name -> how the tables call it."""
    tables: list[PublishedTable] = field(default_factory=list)
    """In the paper's order."""
    groups: dict[str, list[str]] = field(default_factory=dict)
    """Name -> test sets; its figure is their unweighted mean."""
    derived: dict[str, str] = field(default_factory=dict)
    """Name -> expression of groups and test sets, as `high - low`."""
    improvements: list[Improvement] = field(default_factory=list)
    """What `espnet-av probes` sets beside its own."""

    def __post_init__(self) -> None:
        for table in self.tables:
            rows = list(read_rows(table, self))
            for said in table.statements:
                check_statement(said, table.figures, rows)
            used = [cell.erratum for row in rows for cell in row.cells if cell.erratum]
            for erratum in table.errata:
                if used.count(erratum) != 1:
                    msg = f"table {table.number}: errata: {erratum.row}: names no row of this table"
                    raise ConfigError(msg)

    def check_statements(self) -> list[StatementCheck]:
        """Recompute what the text says of the tables."""
        return [
            StatementCheck(said, check_statement(said, table.figures, list(read_rows(table, self))))
            for table in self.tables
            for said in table.statements
        ]

    def test_sets(self, place: Place) -> list[str]:
        """Names of the test sets behind a place, one for each language, or of what is made."""
        if place.made:
            return [place.made]
        langs = self.languages if place.lang is None else [place.lang]
        return [self.sets[place.group].format(lang=lang) for lang in langs]


def read_rows(table: PublishedTable, published: Published) -> Iterator[Row]:
    """The rows of a table, with its errata corrected.

    Raises:
        ConfigError: a row has too many or too few cells, a heading or a system is unknown, a cell
            is no number, or an erratum does not fit the cell it names.
    """
    headings = [_heading(name, table, published) for name in table.figures]
    for number, row in enumerate(table.rows, 1):
        where = f"table {table.number}: row {number}"
        if len(row) != len(table.columns):
            msg = f"{where}: {len(row)} cells under {len(table.columns)} columns; null is a dash"
            raise ConfigError(msg)
        leads = {name: str(value) for name, value in zip(table.leads, row, strict=False)}
        if leads.get("system") not in published.systems:
            valid = list(published.systems)
            raise ConfigError(unknown_key_message(str(leads.get("system")), valid, where))
        if leads.get("mode", "A") not in MODES:
            msg = f"{where}: '{leads['mode']}' is not a mode; choices: {', '.join(MODES)}"
            raise ConfigError(msg)
        parse_noise(leads.get("noise", CLEAN))
        given = {"mode": "AV", "noise": CLEAN} | leads
        cells = []
        for name, heading, value in zip(
            table.figures, headings, row[len(table.leads) :], strict=True
        ):
            keys = {k: v for k, v in (given | heading).items() if k != "source"}
            erratum = _erratum(table, list(leads.values()), name)
            place = Place(**keys, metric=table.metric)
            cells.append(_cell(place, value, erratum, f"{where}, {name}", table.scale))
        yield Row(leads, cells)


def _heading(name: str, table: PublishedTable, published: Published) -> dict[str, Any]:
    """What the words of a heading say about the place of its cells."""
    keys: dict[str, Any] = {"group": "avg", "lang": None}
    made = [*published.groups, *published.derived]
    for word in name.split():
        if word in published.languages:
            keys["lang"] = word
        elif word in ("avg", "ood"):
            keys["group"] = word
        elif word in made:
            keys["made"] = word
        elif word in MODES:
            keys["mode"] = word
        elif word == CLEAN or ":" in word:
            parse_noise(word)
            keys["noise"] = word
        else:
            valid = [*LEADS, *published.languages, "avg", "ood", *made, *MODES, CLEAN]
            raise ConfigError(
                unknown_key_message(word, valid, f"table {table.number}: columns: {name}")
            )
    if keys["group"] not in published.sets and "made" not in keys:
        msg = (
            f"table {table.number}: columns: {name}: `sets` does not name its test sets; add "
            f"{keys['group']}: 'test_{{lang}}'"
        )
        raise ConfigError(msg)
    return keys


def _erratum(table: PublishedTable, row: Sequence[str], column: str) -> Erratum | None:
    for erratum in table.errata:
        if erratum.row == list(row) and erratum.column == column:
            return erratum
    return None


def _cell(place: Place, value: Any, erratum: Erratum | None, where: str, scale: float) -> Cell:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        msg = f"{where}: '{value}' is no number; write null for a dash"
        raise ConfigError(msg)
    if erratum is None:
        return Cell(place, None if value is None else _scaled(value, scale))
    if value is None or float(erratum.printed) != value:
        msg = f"{where}: the erratum says that '{erratum.printed}' is printed, the row {value}"
        raise ConfigError(msg)
    return Cell(place, _scaled(erratum.value, scale), erratum)


def _scaled(value: float, scale: float) -> float:
    """Without the digits that multiplying adds."""
    return round(value * scale, 9) if scale != 1.0 else float(value)
