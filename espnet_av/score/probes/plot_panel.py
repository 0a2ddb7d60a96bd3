"""Pictures: frozen models by tasks, and how far one model is from another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from espnet_av.figure import INK, MODE_COLORS, new_figure, save, style_axes
from espnet_av.score.probes.panel import Change, Panel

_COLORS = ("#00798c", "#d1495b", "#c77f0a", "#7a6c5d", "#5b7f3a", "#6a4c93")


def plot_panel(panel: Panel, path: Path) -> None:
    """Draw models from top to bottom, a panel for each task; a dot is a seed.

    Args:
        panel: of what was trained.
        path: PNG to write.
    """
    figure = new_figure(2.4 + 2.5 * len(panel.tasks), 1.3 + 0.3 * len(panel.models))
    row = figure.subplots(1, len(panel.tasks), sharey=True, squeeze=False)[0]
    for axes, task in zip(row, panel.tasks, strict=True):
        style_axes(axes)
        for place, model in enumerate(panel.models):
            estimate = panel.estimate(model, task)
            if estimate is not None:
                color = MODE_COLORS["AV"]
                axes.plot([0, estimate.mean], [place] * 2, color=color, linewidth=1.5, alpha=0.4)
                values = estimate.values
                axes.plot(values, [place] * len(values), "o", color=color, markersize=5)
        metric = panel.metric(task)
        axes.set_title(task, color=INK, fontsize=11, loc="left")
        axes.set_xlabel(f"{metric.heading} ({metric.better})", color=INK, fontsize=8)
        axes.set_xlim(left=0)
    row[0].set_yticks(range(len(panel.models)), panel.models)
    row[0].invert_yaxis()
    save(figure, path)


def plot_changes(panel: Panel, changes: Sequence[Change], path: Path) -> None:
    """Draw bars of relative improvement, tasks from left to right, a colour for each change.

    Args:
        panel: of what was trained.
        changes: from one of its models to another.
        path: PNG to write.
    """
    figure = new_figure(2.0 + 1.5 * len(panel.tasks), 3.8)
    axes = figure.add_subplot()
    style_axes(axes)
    width = 0.8 / len(changes)
    for number, change in enumerate(changes):
        found = [(i, panel.improvement(change, task)) for i, task in enumerate(panel.tasks)]
        bars = [(place, height) for place, height in found if height is not None]
        shift = (number + 0.5) * width - 0.4
        places = [place + shift for place, _ in bars]
        color = _COLORS[number % len(_COLORS)]
        heights = [height for _, height in bars]
        drawn = axes.bar(places, heights, 0.9 * width, color=color, label=change.title)
        axes.bar_label(drawn, fmt="{:+.1f}", fontsize=8, color=INK, padding=2)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks(range(len(panel.tasks)), panel.tasks)
    axes.set_ylabel("relative improvement, % (higher is better)", color=INK)
    axes.margins(y=0.15)
    axes.legend(frameon=False, fontsize=9)
    save(figure, path)
