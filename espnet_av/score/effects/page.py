"""Crossed choices as a page: a table for each condition, and the average effects in words."""

from __future__ import annotations

from collections.abc import Iterator

from espnet_av.score.effects.crossing import Crossing, Effect
from espnet_av.score.metric import Metric
from espnet_av.score.scorers import metric_of
from espnet_av.score.seeds.estimate import LEVEL, Estimate
from espnet_av.score.seeds.runs import ConditionKey
from espnet_av.score.seeds.seed_table import NOT_TESTED, condition_title, conditions_of
from espnet_av.score.text_table import format_markdown


def format_effects(crossing: Crossing, choices: tuple[str, str]) -> str:
    """Markdown.

    Args:
        crossing: of what was trained.
        choices: what rows and columns are, as `pre-training` and `mid-training`.
    """
    systems = list(crossing.systems.values())
    metric = metric_of(systems[0].metric)
    seeds = sorted({seed for system in systems for seed in system.origins})
    parts = [f"### {metric.heading} by {choices[0]} and {choices[1]} ({metric.better})"]
    for condition in conditions_of(systems):
        parts += [
            f"#### {condition_title(condition)}",
            format_markdown(_rows(crossing, condition, choices[0], metric)),
            "\n".join(_effects(crossing, condition, choices, metric)),
        ]
    spread = f"Seeds: {', '.join(map(str, seeds))}."
    if len(seeds) > 1:
        spread += f" In brackets: {LEVEL:.0%} intervals over them (t); differences pair the seeds."
    else:
        spread += " One seed tells nothing of how far another one would fall."
    parts.append(
        f"{spread} Parameters are those of what is tested. The test set is taken as given."
    )
    return "\n\n".join(parts) + "\n"


def _rows(
    crossing: Crossing, condition: ConditionKey, choice: str, metric: Metric
) -> list[list[str]]:
    rows = [[choice, "parameters", *crossing.columns]]
    for row in crossing.rows:
        cells = [crossing.rates(row, column, condition) for column in crossing.columns]
        shown = [
            _estimate(Estimate(tuple(rates.values())), metric) if rates else NOT_TESTED
            for rates in cells
        ]
        rows.append([row, _parameters(crossing, row), *shown])
    return rows


def _parameters(crossing: Crossing, row: str) -> str:
    """Of a row's systems; from the least to the most where they differ."""
    counts = {s.num_parameters for (name, _), s in crossing.systems.items() if name == row}
    shown = dict.fromkeys(f"{count / 1e6:.2f}" for count in (min(counts), max(counts)))
    return f"{'-'.join(shown)} M"


def _estimate(estimate: Estimate, metric: Metric, sign: str = "") -> str:
    half, text = estimate.half_width, metric.show(estimate.mean, sign)
    if half is None:
        return text
    low, high = (metric.show(estimate.mean + part, sign) for part in (-half, half))
    return f"{text} [{low}, {high}]"


def _effects(
    crossing: Crossing, condition: ConditionKey, choices: tuple[str, str], metric: Metric
) -> Iterator[str]:
    """Lines of a list: second choice, then first one."""
    for choice, turned in ((choices[1], crossing), (choices[0], crossing.transposed())):
        without, *others = turned.columns
        effect = turned.effect(others, condition) if others else None
        if effect is None:
            continue
        yield f"- **{choice}**, {_words(effect, metric)} (against {without})"
        for other in others if len(others) > 1 else ():
            single = turned.effect([other], condition)
            if single is not None:
                yield f"    - {other}: {_words(single, metric)}"


def _words(effect: Effect, metric: Metric) -> str:
    """What it does, whichever way it points."""
    change = effect.change
    is_better = (change.mean < 0) == metric.lower_is_better
    figures = f"{_estimate(change, metric, '+')} {metric.title}, {effect.relative.mean:+.1f} %"
    over = f"on average over {', '.join(effect.over)}"
    if change.half_width is None:
        verdict = f"{'helps' if is_better else 'hurts'} with the one seed there is"
    elif change.is_clear:
        verdict = "helps" if is_better else "hurts"
    else:
        verdict = "is not told from chance"
    return f"{over}: {figures}: it {verdict}"
