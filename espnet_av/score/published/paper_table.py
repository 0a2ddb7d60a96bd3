"""Published tables laid out as in the paper, with what was run here below each row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from espnet_av.predict.condition import CLEAN
from espnet_av.score.matrix import NOT_RUN, noise_title
from espnet_av.score.metric import Metric
from espnet_av.score.published.averages import mean_of
from espnet_av.score.published.expected import Expected
from espnet_av.score.published.measured import Got, Measured
from espnet_av.score.published.tables import Cell, PublishedTable, Row, read_rows
from espnet_av.score.scorers import metric_of

_TITLES = {"system": "Model", "mode": "Mode", "noise": "Noise", "source": "Source"}
_DASH = "-"
_MARK = "*"
"""Before a corrected cell."""


@dataclass(frozen=True)
class Block:
    """A part of a table under one heading."""

    heading: str
    rows: list[list[str]]
    """Header first."""
    left: list[int]
    """Columns to align to the left."""
    notes: list[str]
    """Corrected cells."""


def lay_out(
    expected: Expected,
    measured: Measured | None,
    *,
    numbers: Collection[str] = (),
    systems: Collection[str] = (),
) -> list[Block]:
    """Make the blocks of the tables.

    A row of the paper is followed by ours and the difference (ours - theirs) if anything of it was
    run; cells of ours that nobody ran say so. An average of ours is the unweighted mean over all
    languages, and is missing as long as one of them is.

    Args:
        expected: of the recipe.
        measured: scores of its experiments; None prints the paper alone, with the recomputed mean.
        numbers: tables to show; all if empty.
        systems: rows to show; all if empty.
    """
    blocks = []
    for table in expected.tables:
        rows = list(read_rows(table, expected))
        if systems:
            rows = [row for row in rows if row.leads["system"] in systems]
        if rows and (not numbers or table.number in numbers):
            blocks += _blocks(table, rows, expected, measured)
    return blocks


def _blocks(
    table: PublishedTable, rows: Sequence[Row], expected: Expected, measured: Measured | None
) -> list[Block]:
    by_noise = table.leads[0] == "noise"
    leads = table.leads[1:] if by_noise else table.leads
    figures = [_figure_title(name, table, expected) for name in table.figures]
    metric = metric_of(table.metric or expected.scoring.metric)
    about = f"{metric.heading}, {metric.better}"
    blocks = []
    for noise, group in groupby(rows, lambda row: row.leads["noise"] if by_noise else ""):
        chosen = list(group)
        recomputed = measured is None and any(_mean(row, expected) is not None for row in chosen)
        extra = [] if measured is None else [""]
        header = [*(_TITLES[name] for name in leads), *extra, *figures]
        lines = [header + ["recomputed"] * recomputed]
        shown: list[str] = []
        for row in chosen:
            texts = [_lead_text(name, row, table, expected) for name in leads]
            # A name that stands for several rows is written once.
            fresh = ["" if texts[: i + 1] == shown[: i + 1] else t for i, t in enumerate(texts)]
            shown = texts
            if measured is None:
                lines.append(fresh + _paper_cells(row) + [_mean_text(row, expected)] * recomputed)
            else:
                lines += _compared(fresh, row, measured)
        kind = "" if table.number.startswith("Figure") else "Table "
        heading = f"{kind}{table.number} ({table.source}): {table.title}"
        heading = "; ".join([heading, *([noise_title(noise)] if by_noise else []), about])
        left = list(range(len(leads) + len(extra)))
        blocks.append(Block(heading, lines, left, _notes(table, chosen, expected)))
    return blocks


def _compared(leads: list[str], row: Row, measured: Measured) -> list[list[str]]:
    """One to three lines: theirs, ours, the difference."""
    got = [measured.get(cell.place) for cell in row.cells]
    blank = [""] * len(leads)
    if not any(item.num_run for item in got):
        return [[*leads, f"paper ({NOT_RUN})", *_paper_cells(row)]]
    ours = [_our_text(item, cell) for item, cell in zip(got, row.cells, strict=True)]
    if all(cell.value is None for cell in row.cells):
        return [[*leads, "here", *ours]]
    difference = [
        "" if item.value is None or cell.value is None else f"{item.value - cell.value:+.1f}"
        for item, cell in zip(got, row.cells, strict=True)
    ]
    return [
        [*leads, "paper", *_paper_cells(row)],
        [*blank, "here", *ours],
        [*blank, "here - paper", *difference],
    ]


def _our_text(got: Got, cell: Cell) -> str:
    if got.value is not None:
        return f"{got.value:.1f}"
    if got.num_run:
        return f"{got.num_run} of {got.num_sets} run"
    return _DASH if cell.value is None else NOT_RUN


def _paper_cells(row: Row) -> list[str]:
    return [
        _DASH
        if cell.value is None
        else _MARK * (cell.erratum is not None) + _as_printed(cell.value)
        for cell in row.cells
    ]


def _as_printed(value: float) -> str:
    """One decimal, or as many as the figure has."""
    return f"{value:.1f}" if round(value, 1) == value else f"{value:g}"


def _figure_title(name: str, table: PublishedTable, expected: Expected) -> str:
    words = []
    for word in name.split():
        if word in expected.languages:
            words.append(word.title() + (f"-{table.into.title()}" if table.into else ""))
        elif word in ("avg", "ood"):
            words.append({"avg": "Avg", "ood": "OOD"}[word])
        elif word in expected.groups:
            words.append(word.capitalize())
        else:
            words.append(noise_title(word) if word == CLEAN or ":" in word else word)
    return " ".join(words)


def _lead_text(name: str, row: Row, table: PublishedTable, expected: Expected) -> str:
    value = row.leads[name]
    if name == "system":
        return table.labels.get(value, expected.systems[value])
    return noise_title(value) if name == "noise" else value


def _mean(row: Row, expected: Expected) -> float | None:
    cell = row.cells[-1]
    return mean_of(row, expected.languages, cell.place) if cell.place.lang is None else None


def _mean_text(row: Row, expected: Expected) -> str:
    mean = _mean(row, expected)
    return _DASH if mean is None else f"{mean:.2f}"


def _notes(table: PublishedTable, rows: Sequence[Row], expected: Expected) -> list[str]:
    return [
        f"{_MARK} {_about(row, table, expected)}, "
        f"{_figure_title(erratum.column, table, expected)}: the paper prints {erratum.printed}; "
        f"{erratum.reason}."
        for row in rows
        for erratum in (cell.erratum for cell in row.cells)
        if erratum is not None
    ]


def _about(row: Row, table: PublishedTable, expected: Expected) -> str:
    """Model and mode of a row; its noise is in the heading of the block, or a column."""
    names = [name for name in ("system", "mode") if name in row.leads]
    return ", ".join(_lead_text(name, row, table, expected) for name in names)


def direction(metric: Metric) -> str:
    """What a difference means, in a sentence."""
    sign = "below" if metric.lower_is_better else "above"
    return f"A difference {sign} zero means that the score here is better than the paper's."
