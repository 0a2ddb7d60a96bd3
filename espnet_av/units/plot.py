"""Picture: how evenly units are used, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.figure import INK, new_figure, save, style_axes
from espnet_av.units.quality import UnitCounts

_COLORS = ("#00798c", "#d1495b", "#edae49", "#7a6c5d", "#66a182", "#2e4057")
_MOST_LABELS = 40


def plot_units(counts: Mapping[str, UnitCounts], title: str, path: Path) -> None:
    """Draw the share of each unit, most used first, for every set; and phones against units.

    Args:
        counts: by set; the first one with an alignment is drawn against its labels.
        title: what the units are.
        path: PNG to write.
    """
    aligned = next(((name, c) for name, c in counts.items() if c.joint.sum()), None)
    figure = new_figure(11.0 if aligned else 5.5, 4.6)
    left = figure.add_subplot(1, 2 if aligned else 1, 1)
    _draw_usage(left, counts)
    if aligned:
        _draw_meaning(figure, figure.add_subplot(1, 2, 2), *aligned)
    figure.suptitle(title, color=INK, fontsize=11, x=0.01, ha="left")
    save(figure, path)


def _draw_usage(axes: Any, counts: Mapping[str, UnitCounts]) -> None:
    for number, (name, count) in enumerate(counts.items()):
        shares = 100 * np.sort(count.frames)[::-1] / max(1, count.frames.sum())
        shown = shares[shares > 0]
        label = f"{name} ({len(shown)} of {count.num_units} used)"
        color = _COLORS[number % len(_COLORS)]
        axes.plot(np.arange(1, len(shown) + 1), shown, color=color, label=label)
    num_units = next(iter(counts.values())).num_units
    axes.axhline(100 / num_units, color=INK, linewidth=0.8, linestyle=":", label="all alike")
    axes.set_yscale("log")
    axes.set_xlabel("unit, most used first", color=INK)
    axes.set_ylabel("share of frames (%)", color=INK)
    axes.legend(frameon=False, fontsize=8)
    style_axes(axes)


def _draw_meaning(figure: Any, axes: Any, name: str, counts: UnitCounts) -> None:
    """Share of each unit's frames by label; units stand in the order of their commonest label."""
    rows = np.argsort(-counts.joint.sum(0), kind="stable")[:_MOST_LABELS]
    used = np.flatnonzero(counts.joint.sum(1))
    shares = counts.joint[used] / counts.joint[used].sum(1, keepdims=True)
    table = shares[:, rows]
    best = table.argmax(1)
    order = np.lexsort((-table.max(1), best))
    image = axes.imshow(table[order].T, cmap="GnBu", vmin=0, vmax=1, aspect="auto")
    axes.set_yticks(range(len(rows)), [counts.names[row] for row in rows], fontsize=7)
    axes.set_xlabel(f"unit, by its commonest label ({name})", color=INK)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02)
    bar.set_label("share of the unit's frames", color=INK, fontsize=9)
    bar.outline.set_visible(False)
