"""Pictures of ABX errors: by layer, and the pairs of phones that are told apart least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from espnet_av.figure import GRID, INK, MODE_COLORS, new_figure, save, style_axes
from espnet_av.score.abx.levels import Means
from espnet_av.score.bootstrap import Resampling

_NUM_PAIRS = 25
_CHANCE = 50.0


def plot_abx(found: Mapping[str, Means], path: Path, *, title: str, resampling: Resampling) -> None:
    """Draw the error of every layer, with its interval over talkers, and pairs of the best layer.

    Args:
        found: layer -> its errors.
        path: PNG to write.
        title: what it is of.
        resampling: for the intervals.
    """
    best = min(found, key=lambda name: found[name].error_rate)
    figure = new_figure(11.0, 5.2)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    rates = {name: 100 * means.error_rate for name, means in found.items()}
    edges = {name: means.interval(resampling) for name, means in found.items()}
    draw_layers(left, rates, edges)
    left.set_title(title, loc="left", fontsize=11, color=INK)
    draw_pairs(right, found[best].pairs())
    right.set_title(f"told apart least ({best})", loc="left", fontsize=11, color=INK)
    save(figure, path)


def draw_layers(
    axes: Any, rates: Mapping[str, float], edges: Mapping[str, Sequence[float] | None]
) -> None:
    """A dot for each layer, in percent, with `edges` (from 0 to 1) around it."""
    style_axes(axes)
    places = list(range(len(rates)))
    values = list(rates.values())
    axes.plot(places, values, color=MODE_COLORS["AV"], marker="o", linewidth=1.5)
    for place, value, between in zip(places, values, edges.values(), strict=True):
        if between is not None:
            low, high = (100 * edge for edge in between)
            axes.vlines(place, low, high, color=MODE_COLORS["AV"], alpha=0.5, linewidth=3)
        axes.annotate(
            f"{value:.1f}", (place, value), xytext=(7, 3), textcoords="offset points",
            ha="left", fontsize=8, color=INK,
        )  # fmt: skip
    axes.axhline(_CHANCE, color=GRID, linewidth=1.5, linestyle="--")
    axes.annotate("chance", (places[-1], _CHANCE), fontsize=8, color="#7a8894", va="bottom")
    axes.set_ylim(0, max(55.0, 1.1 * max(values)))
    axes.set_xlim(-0.6, len(places) - 0.4)
    axes.set_xticks(places, list(rates), rotation=0 if len(places) < 6 else 45, fontsize=9)
    axes.set_ylabel("ABX error (%; lower is better)", color=INK)


def draw_pairs(axes: Any, pairs: Sequence[tuple[str, str, float]]) -> None:
    """Bars of the worst pairs of phones."""
    style_axes(axes)
    worst = list(reversed(pairs[:_NUM_PAIRS]))
    axes.barh(range(len(worst)), [100 * error for *_, error in worst], color=MODE_COLORS["A"])
    axes.set_yticks(range(len(worst)), [f"{a} / {b}" for a, b, _ in worst], fontsize=7)
    axes.axvline(_CHANCE, color=GRID, linewidth=1.5, linestyle="--")
    axes.set_xlabel("error (%), both orders", color=INK)
