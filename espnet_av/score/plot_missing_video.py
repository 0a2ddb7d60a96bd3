"""Picture: error rate or BLEU over the share of the video that is missing, a line per kind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Any

from espnet_av.data.missing_video import KINDS
from espnet_av.figure import INK, MODE_COLORS, MODE_NAMES, new_figure, save, style_axes
from espnet_av.score.matrix import noise_title
from espnet_av.score.metric import Metric
from espnet_av.score.missing_video import Curve

_COLUMNS = 3
KIND_STYLES = {
    "whole": ("whole utterances", "#00798c", "o"),
    "frames": ("single frames", "#c77f0a", "s"),
    "start": ("start of each", "#4f772d", "v"),
    "middle": ("middle of each", "#6a4c93", "^"),
    "end": ("end of each", "#22303c", "D"),
}
"""What is missing -> its words in a legend, colour and marker."""
_STEP = 0.008
"""Shift between the kinds along the axis, so that their intervals do not cover each other."""


def plot_missing_video(
    listed: Sequence[Curve], set_name: str, path: Path, *, metric: Metric
) -> None:
    """Draw a panel for each mode and noise: kinds as lines, sound alone as a horizontal one.

    A point stands above the share that was taken, which chance may move away from the one asked
    for (`whole`).

    Args:
        listed: from `curves`, at least one.
        set_name: test set.
        path: PNG to write.
        metric: what to draw.
    """
    panels = [list(group) for _, group in groupby(listed, lambda curve: curve[:2])]
    columns = min(_COLUMNS, len(panels))
    rows = ceil(len(panels) / columns)
    figure = new_figure(max(7.2, 4.2 * columns), 0.9 + 3.4 * rows)
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, panel in zip(grid, panels, strict=False):
        _draw_panel(axes, panel, metric)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[::columns]:
        axes.set_ylabel(metric.axis, color=INK)
    record = next(iter(listed[0].points.values()))
    figure.suptitle(
        f"{set_name}: {metric.title} with missing video ({record[metric.name]['num_utts']} "
        "utterances, 95 % intervals)",
        color=INK,
        fontsize=11,
        x=0.01,
        ha="left",
    )
    add_kind_legend(figure, grid[: len(panels)])
    save(figure, path)


def _draw_panel(axes: Any, panel: Sequence[Curve], metric: Metric) -> None:
    style_axes(axes)
    if panel[0].sound is not None:
        figure = panel[0].sound[metric.name]
        color = MODE_COLORS["A"]
        axes.axhspan(*figure["ci95"], color=color, alpha=0.12, linewidth=0)
        axes.axhline(figure["rate"], color=color, linewidth=2, label=MODE_NAMES["A"])
    for curve in panel:
        label, color, marker = KIND_STYLES[curve.kind]
        figures = [record[metric.name] for record in curve.points.values()]
        rates = [figure["rate"] for figure in figures]
        reach = [
            [abs(figure["rate"] - figure["ci95"][side]) for figure in figures] for side in (0, 1)
        ]
        shift = (KINDS.index(curve.kind) - 2) * _STEP
        axes.errorbar(
            [
                record["missing_share"] + shift if share else 0.0
                for share, record in curve.points.items()
            ],
            rates,
            yerr=reach,
            color=color,
            marker=marker,
            linewidth=1.8,
            elinewidth=0.8,
            markersize=5,
            label=label,
        )
    label_shares(axes, {share for curve in panel for share in curve.points})
    axes.set_ylim(bottom=0)
    title = f"{MODE_NAMES[panel[0].mode]}, {noise_title(panel[0].noise)}"
    axes.set_title(title, color=INK, fontsize=10, loc="left")


def label_shares(axes: Any, shares: Collection[float]) -> None:
    """The axis of missing shares: its ticks, title and ends."""
    axes.set_xticks(sorted(shares), [f"{100 * share:g}" for share in sorted(shares)])
    axes.set_xlabel("missing video (%)", color=INK)
    axes.set_xlim(-0.06, max(shares) + 0.06)


def add_kind_legend(figure: Any, panels: Sequence[Any]) -> None:
    """One legend below all panels, always in the same order."""
    named: dict[str, Any] = {}
    for axes in panels:
        named |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    labels = [
        label
        for label in (MODE_NAMES["A"], *(style[0] for style in KIND_STYLES.values()))
        if label in named
    ]
    figure.legend(
        [named[label] for label in labels],
        labels,
        loc="outside lower center",
        ncols=6 if figure.get_figwidth() > 10 else 3,
        frameon=False,
        fontsize=9,
    )
