"""Several systems over seeds as tables: mean and spread, differences, what lips add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from espnet_av.score.matrix import modes_of, noise_title, noises_of
from espnet_av.score.scorers import metric_of
from espnet_av.score.seeds.estimate import LEVEL, Estimate
from espnet_av.score.seeds.runs import ConditionKey, System
from espnet_av.score.text_table import format_markdown

NOT_TESTED = "-"


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences over seeds, with its interval where there are two or more."""

    mean: float
    half_width: float | None
    num_seeds: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.half_width is not None and abs(self.mean) > self.half_width


def paired_difference(old: Mapping[int, float], new: Mapping[int, float]) -> Difference | None:
    """Take new - old over the seeds that both have; None if they have none in common.

    The interval is Student's t of the differences: where another training run would fall. The test
    set is taken as given. A seed fixes the order of the utterances and the noise drawn, which two
    systems then share.
    """
    values = [new[seed] - old[seed] for seed in sorted(old.keys() & new.keys())]
    if not values:
        return None
    found = Estimate(tuple(values))
    return Difference(found.mean, found.half_width, len(values))


def conditions_of(systems: Sequence[System]) -> list[ConditionKey]:
    """Sets, then modes, then noises, in the usual order; all that any system was tested on."""
    tested = {condition: None for system in systems for condition in system.rates}
    records = [{"set": name, "mode": mode, "noise": noise} for name, mode, noise in tested]
    sets = list(dict.fromkeys(record["set"] for record in records))
    wanted = [
        (name, mode, noise)
        for name in sets
        for mode in modes_of(records)
        for noise in noises_of(records)
    ]
    return [condition for condition in wanted if condition in tested]


def format_mean(rates: Mapping[int, float]) -> str:
    """`12.3 ± 0.4` from the figures of the seeds; a dash where there are none."""
    values = list(rates.values())
    if len(values) < 2:
        return f"{values[0]:.1f}" if values else NOT_TESTED
    return f"{fmean(values):.1f} ± {stdev(values):.1f}"


def format_comparison(systems: Sequence[System]) -> str:
    """Markdown: one table of means, one of differences to the first system, one of AV against A."""
    metric = metric_of(systems[0].metric)
    conditions = conditions_of(systems)
    seeds = sorted({seed for system in systems for seed in system.origins})
    parts = [
        f"### {metric.heading}: mean ± standard deviation over seeds ({metric.better})",
        format_markdown(_means(systems, conditions)),
        f"Seeds: {', '.join(map(str, seeds))}. The spread is that of training runs; the test "
        "set is the same for all.",
    ]
    if len(systems) > 1:
        parts += [
            f"### Difference to {systems[0].name} ({metric.unit_words})",
            format_markdown(_differences(systems, conditions)),
        ]
    lips = _lips(systems, conditions)
    if lips:
        parts += [f"### AV minus A: what lips add ({metric.unit_words})", format_markdown(lips)]
    if len(parts) > 3:
        parts.append(
            f"In brackets: {LEVEL:.0%} intervals of the mean (t, paired by seed); bold: 0 is "
            "outside. With few seeds they are wide, and of many cells some are bold by chance."
        )
    return "\n\n".join(parts) + "\n"


def _means(systems: Sequence[System], conditions: Sequence[ConditionKey]) -> list[list[str]]:
    rows = [["system", "parameters", "n", *map(condition_title, conditions)]]
    for system in systems:
        cells = [format_mean(system.rates.get(condition, {})) for condition in conditions]
        size = f"{system.num_parameters / 1e6:.2f} M"
        rows.append([system.name, size, str(len(system.origins)), *cells])
    return rows


def _differences(systems: Sequence[System], conditions: Sequence[ConditionKey]) -> list[list[str]]:
    first, *others = systems
    rows = [["system", *map(condition_title, conditions)]]
    for system in others:
        pairs = [(first.rates.get(c), system.rates.get(c)) for c in conditions]
        rows.append([system.name, *(_cell(old, new) for old, new in pairs)])
    return rows


def _lips(systems: Sequence[System], conditions: Sequence[ConditionKey]) -> list[list[str]]:
    both = [
        (name, noise)
        for name, mode, noise in conditions
        if mode == "AV" and (name, "A", noise) in conditions
    ]
    if not both:
        return []
    rows = [["system", *(f"{name} {noise_title(noise)}" for name, noise in both)]]
    for system in systems:
        pairs = [
            [system.rates.get((name, mode, noise)) for mode in ("A", "AV")] for name, noise in both
        ]
        if any(None not in pair for pair in pairs):
            rows.append([system.name, *(_cell(old, new) for old, new in pairs)])
    return rows


def _cell(old: Mapping[int, float] | None, new: Mapping[int, float] | None) -> str:
    if old is None or new is None:
        return NOT_TESTED
    difference = paired_difference(old, new)
    if difference is None:
        return "no seed in common"
    if difference.half_width is None:
        return f"{difference.mean:+.1f} (1 seed)"
    low, high = (difference.mean + sign * difference.half_width for sign in (-1, 1))
    text = f"{difference.mean:+.1f} [{low:+.1f}, {high:+.1f}]"
    return f"**{text}**" if difference.is_clear else text


def condition_title(condition: ConditionKey) -> str:
    """Words for a set, a mode and a noise."""
    name, mode, noise = condition
    return f"{name} {mode} {noise_title(noise)}"
