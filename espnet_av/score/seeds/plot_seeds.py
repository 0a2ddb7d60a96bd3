"""Picture: every seed of every system, a panel for each test set and noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from espnet_av.figure import INK, MODE_COLORS, MODE_NAMES, new_figure, save, style_axes
from espnet_av.score.matrix import noise_title
from espnet_av.score.scorers import metric_of
from espnet_av.score.seeds.runs import System
from espnet_av.score.seeds.seed_table import conditions_of


def plot_seeds(systems: Sequence[System], path: Path) -> None:
    """Draw systems from top to bottom; a dot is a seed, a bar their mean, colours are modes.

    Args:
        systems: comparable ones.
        path: PNG to write.
    """
    conditions = conditions_of(systems)
    panels = list(dict.fromkeys((name, noise) for name, _, noise in conditions))
    modes = list(dict.fromkeys(mode for _, mode, _ in conditions))
    height = 1.4 + len(systems) * (0.16 + 0.18 * len(modes))
    figure = new_figure(2.6 + 3.4 * len(panels), height)
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, noise) in zip(row, panels, strict=True):
        style_axes(axes)
        for place, mode in enumerate(modes):
            if (name, mode, noise) not in conditions:
                continue
            shift = (place + 0.5) / len(modes) - 0.5
            for index, system in enumerate(systems):
                rates = list(system.rates.get((name, mode, noise), {}).values())
                if not rates:
                    continue
                y = index + 0.72 * shift
                axes.plot(rates, [y] * len(rates), "o", color=MODE_COLORS[mode], markersize=4)
                bounds = (y - 0.3 / len(modes), y + 0.3 / len(modes))
                axes.vlines(fmean(rates), *bounds, color=MODE_COLORS[mode], linewidth=2)
        axes.set_title(f"{name}, {noise_title(noise)}", color=INK, fontsize=11, loc="left")
        axes.set_xlabel(metric_of(systems[0].metric).heading, color=INK)
        axes.set_xlim(left=0)
    row[0].set_yticks(range(len(systems)), [system.name for system in systems])
    row[0].invert_yaxis()
    for mode in modes:
        row[-1].plot([], [], "o", color=MODE_COLORS[mode], label=MODE_NAMES[mode])
    figure.legend(
        *row[-1].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    save(figure, path)
