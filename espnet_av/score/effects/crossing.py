"""Systems of every pair of two choices, and the average effect of each choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from espnet_av.errors import ConfigError
from espnet_av.score.seeds.estimate import Estimate
from espnet_av.score.seeds.runs import ConditionKey, System, check_comparable, read_system

Rates = Mapping[int, float]
"""Seed -> figure."""


@dataclass(frozen=True)
class Effect:
    """What one thing does in place of another, on average over all choices of the other kind."""

    change: Estimate
    """In the unit of the metric."""
    relative: Estimate
    """Change of the average, in percent of what it was."""
    seeds: tuple[int, ...]
    """Those that all that it is an average of were trained with."""
    over: tuple[str, ...]
    """What it is an average over: those choices that have both."""


@dataclass(frozen=True)
class Crossing:
    """A system for pairs of two choices; what comes first is without, as `none`."""

    rows: tuple[str, ...]
    """Of the first choice."""
    columns: tuple[str, ...]
    """Of the second one."""
    systems: Mapping[tuple[str, str], System]
    """Row and column -> system; some pairs may not have been trained."""

    def rates(self, row: str, column: str, condition: ConditionKey) -> Rates:
        """Figures of a pair; none where it was not trained, or not tested so."""
        system = self.systems.get((row, column))
        return {} if system is None else system.rates.get(condition, {})

    def transposed(self) -> Crossing:
        """Rows for columns."""
        turned = {(column, row): system for (row, column), system in self.systems.items()}
        return Crossing(self.columns, self.rows, turned)

    def effect(self, columns: Sequence[str], condition: ConditionKey) -> Effect | None:
        """What columns do in place of the first one, on average over them and over the rows.

        Each row that has the first column and one of these counts the same.

        Args:
            columns: which.
            condition: that was tested.

        Returns:
            the effect; None where no row has both with a common seed.
        """
        pairs: dict[str, tuple[Rates, list[Rates]]] = {}
        for row in self.rows:
            before = self.rates(row, self.columns[0], condition)
            after = [self.rates(row, column, condition) for column in columns]
            if before and any(after):
                pairs[row] = (before, [rates for rates in after if rates])
        common = [set(rates) for old, new in pairs.values() for rates in (old, *new)]
        seeds = tuple(sorted(set.intersection(*common))) if common else ()
        if not seeds:
            return None
        means = [
            [
                (old[seed], fmean(rates[seed] for rates in new))
                for old, new in pairs.values()
            ]
            for seed in seeds
        ]  # fmt: skip
        averages = [tuple(map(fmean, zip(*rows, strict=True))) for rows in means]
        change = Estimate(tuple(new - old for old, new in averages))
        relative = tuple(100 * (new / old - 1) if old else float("nan") for old, new in averages)
        return Effect(change, Estimate(relative), seeds, tuple(pairs))


def read_crossing(cells: Sequence[tuple[str, str, Sequence[Path]]]) -> Crossing:
    """Read the scores of all pairs.

    Args:
        cells: row, column, `scores.json` of each seed; rows and columns in the order of the table.

    Raises:
        ConfigError: a pair is there twice, or two cannot be compared.
        DataDirError: scores are missing or broken.
    """
    systems: dict[tuple[str, str], System] = {}
    for row, column, paths in cells:
        if (row, column) in systems:
            msg = f"{row}, {column}: given twice; name all its seeds in one --system"
            raise ConfigError(msg)
        systems[row, column] = read_system(f"{row}, {column}", paths)
    check_comparable(list(systems.values()))
    rows = tuple(dict.fromkeys(row for row, _ in systems))
    return Crossing(rows, tuple(dict.fromkeys(column for _, column in systems)), systems)
