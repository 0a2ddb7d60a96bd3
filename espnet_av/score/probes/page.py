"""Frozen models by tasks as a page."""

from __future__ import annotations

from collections.abc import Sequence

from espnet_av.score.metric import Metric
from espnet_av.score.probes.panel import Change, Panel
from espnet_av.score.published.improvements import Improvement
from espnet_av.score.seeds.estimate import LEVEL, Estimate
from espnet_av.score.seeds.seed_table import NOT_TESTED
from espnet_av.score.text_table import format_markdown


def format_panel(
    panel: Panel, changes: Sequence[Change] = (), published: Sequence[Improvement] = ()
) -> str:
    """Markdown: figures of all heads, then the changes.

    Args:
        panel: of what was trained.
        changes: from one of its models to others.
        published: what is said of them.
    """
    metrics = {task: panel.metric(task) for task in panel.tasks}
    head = ["frozen model", *(f"{task}: {metrics[task].heading}" for task in panel.tasks)]
    best = {task: panel.best(task) for task in panel.tasks}
    rows = [
        [model, *(_cell(panel, model, task, best[task] == model) for task in panel.tasks)]
        for model in panel.models
    ]
    better = "; ".join(f"{task}: {metric.better}" for task, metric in metrics.items())
    parts = ["### Heads on frozen models", format_markdown([head, *rows]), _words(panel, better)]
    if changes:
        parts += [
            "### Relative improvement, percent",
            format_markdown(_changes(panel, changes)),
            "Of accuracies what is gained, of error rates what is saved, in percent of what was "
            "there before: above 0 is better in every column.",
        ]
    if published:
        rows = _published(panel, changes, published)
        parts += ["### What is published of them", format_markdown(rows, left=(0, 1))]
    return "\n\n".join(parts) + "\n"


def _cell(panel: Panel, model: str, task: str, is_best: bool) -> str:
    estimate = panel.estimate(model, task)
    if estimate is None:
        return NOT_TESTED
    shown = _show(estimate, panel.metric(task))
    return f"**{shown}**" if is_best else shown


def _show(estimate: Estimate, metric: Metric) -> str:
    half, text = estimate.half_width, metric.show(estimate.mean)
    if half is None:
        return text
    low, high = (metric.show(estimate.mean + part) for part in (-half, half))
    return f"{text} [{low}, {high}]"


def _words(panel: Panel, better: str) -> str:
    counts = {len(estimate.values) for estimate in _estimates(panel)}
    told = f"In brackets: {LEVEL:.0%} intervals over seeds (t)."
    if counts == {1}:
        told = "One seed each, which tells nothing of how far another one would fall."
    return f"{better}; bold: the best of a column. {told}"


def _estimates(panel: Panel) -> list[Estimate]:
    found = (panel.estimate(model, task) for model in panel.models for task in panel.tasks)
    return [estimate for estimate in found if estimate is not None]


def _changes(panel: Panel, changes: Sequence[Change]) -> list[list[str]]:
    rows = [["change", *panel.tasks]]
    for change in changes:
        found = [panel.improvement(change, task) for task in panel.tasks]
        rows.append([change.title, *(NOT_TESTED if f is None else f"{f:+.1f}" for f in found)])
    return rows


def _published(
    panel: Panel, changes: Sequence[Change], published: Sequence[Improvement]
) -> list[list[str]]:
    known = {change.title: change for change in changes}
    rows = [["change", "task", "published", "here", "from"]]
    for said in published:
        found, here = None, NOT_TESTED
        if said.about in known:
            here = "not run here"
            if said.task in panel.tasks:
                found = panel.improvement(known[said.about], said.task)
        if found is not None:
            here = f"{found:+.1f} %"
        rows.append([said.about, said.task, said.told(), here, said.note])
    return rows
