"""Picture: systems with less and less video, means over seeds, a panel for each and each noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from espnet_av.figure import INK, MODE_COLORS, MODE_NAMES, new_figure, save, style_axes
from espnet_av.score.matrix import noise_title
from espnet_av.score.plot_missing_video import KIND_STYLES, add_kind_legend, label_shares
from espnet_av.score.scorers import metric_of
from espnet_av.score.seeds.runs import ConditionKey, System
from espnet_av.score.seeds.seed_missing import losses_of
from espnet_av.score.seeds.seed_table import conditions_of


def plot_seed_missing(systems: Sequence[System], path: Path) -> bool:
    """Draw means over seeds: systems from left to right, conditions down; sound alone as a level.

    A panel is as high as every other but starts where its lines are: systems are further apart than
    what missing video costs one.

    Args:
        systems: comparable ones.
        path: PNG to write.

    Returns:
        Whether any system was tested with missing video; nothing is written otherwise.
    """
    tested = [
        condition
        for condition in conditions_of(systems)
        if any(losses_of(system, condition) for system in systems)
    ]
    shown = [system for system in systems if any(losses_of(system, place) for place in tested)]
    if not tested:
        return False
    figure = new_figure(max(7.2, 1.0 + 2.4 * len(shown)), 0.9 + 2.3 * len(tested))
    grid = figure.subplots(len(tested), len(shown), squeeze=False)
    for row, condition in zip(grid, tested, strict=True):
        for axes, system in zip(row, shown, strict=True):
            _draw_panel(axes, system, condition)
        name, mode, noise = condition
        title = f"{name}, {MODE_NAMES[mode]}, {noise_title(noise)}"
        row[0].set_ylabel(f"{title}\n{metric_of(systems[0].metric).axis}", color=INK)
    for axes, system in zip(grid[0], shown, strict=True):
        axes.set_title(system.name, color=INK, fontsize=10, loc="left")
    _level_spans(grid.flatten())
    add_kind_legend(figure, grid.flatten())
    save(figure, path)
    return True


def _draw_panel(axes: Any, system: System, condition: ConditionKey) -> None:
    style_axes(axes)
    name, _, noise = condition
    if alone := system.rates.get((name, "A", noise)):
        color = MODE_COLORS["A"]
        axes.axhline(fmean(alone.values()), color=color, linewidth=2, label=MODE_NAMES["A"])
    losses = losses_of(system, condition)
    nothing_lost = system.rates.get(condition)
    whole = {0.0: fmean(nothing_lost.values())} if nothing_lost else {}
    for kind, (label, color, marker) in KIND_STYLES.items():
        points = {loss.share: fmean(r.values()) for loss, r in losses.items() if loss.kind == kind}
        if not points:
            continue
        points = dict(sorted((whole | points).items()))
        axes.plot(*zip(*points.items(), strict=True), marker, ls="-", color=color, label=label)
    label_shares(axes, {0.0, *(loss.share for loss in losses)})


def _level_spans(panels: Sequence[Any]) -> None:
    """As many percent from bottom to top in each panel as in the one that needs most."""
    bounds = [axes.get_ylim() for axes in panels]
    span = max(top - bottom for bottom, top in bounds)
    for axes, (bottom, top) in zip(panels, bounds, strict=True):
        lowest = max(0.0, bottom - (span - (top - bottom)) / 2)
        axes.set_ylim(lowest, lowest + span)
