"""Pictures of ABX errors: by layer, and the pairs of phones that are told apart least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from espnet_av.figure import GRID, INK, MODE_COLORS, new_figure, save, style_axes
from espnet_av.score.abx.levels import Means
from espnet_av.score.bootstrap import Resampling

_NUM_PAIRS = 25
_LEAST_PAIRS = 8
"""Room for so many, or else two bars would fill a picture."""
_CHANCE = 50.0
_COLORS = (MODE_COLORS["AV"], MODE_COLORS["A"])


def plot_abx(
    found: Mapping[str, Mapping[str, Means]],
    path: Path,
    *,
    title: str,
    resampling: Resampling,
    control: str = "",
) -> None:
    """Draw the error of every layer, with its interval over talkers, and pairs of the best layer.

    Args:
        found: `within`, `across` or both -> layer -> its errors.
        path: PNG to write.
        title: what it is of.
        resampling: for the intervals.
        control: the name among the layers of what has learned nothing; a line of its own.
    """
    first, layers = next(iter(found.items()))
    best = min(layers, key=lambda name: (name == control, layers[name].error_rate))
    pairs = layers[best].pairs()
    figure = new_figure(11.0, 5.2)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    style_axes(left)
    for (talkers, means), color in zip(found.items(), _COLORS, strict=False):
        rates = {name: 100 * mean.error_rate for name, mean in means.items()}
        edges = {name: mean.interval(resampling) for name, mean in means.items()}
        draw_layers(left, rates, edges, talkers, color, control)
    _finish_layers(left)
    left.set_title(title, loc="left", fontsize=11, color=INK)
    draw_pairs(right, pairs)
    right.set_title(f"told apart least ({best}, {first})", loc="left", fontsize=11, color=INK)
    save(figure, path)


def draw_layers(
    axes: Any,
    rates: Mapping[str, float],
    edges: Mapping[str, Sequence[float] | None],
    label: str,
    color: str,
    control: str,
) -> None:
    """A dot for each layer, in percent, with `edges` (from 0 to 1) around it."""
    names = [name for name in rates if name != control]
    places, values = list(range(len(names))), [rates[name] for name in names]
    axes.plot(places, values, color=color, marker="o", linewidth=1.5, label=label)
    for place, name in zip(places, names, strict=True):
        between = edges[name]
        if between is not None:
            low, high = (100 * edge for edge in between)
            axes.vlines(place, low, high, color=color, alpha=0.5, linewidth=3)
        axes.annotate(
            f"{rates[name]:.1f}", (place, rates[name]), xytext=(7, 3), textcoords="offset points",
            ha="left", fontsize=8, color=INK,
        )  # fmt: skip
    if control in rates:
        shown = f"{control} {label}: {rates[control]:.1f}"
        axes.axhline(rates[control], color=color, linewidth=1.2, linestyle=":", label=shown)
    axes.set_xlim(-0.6, len(places) - 0.4)
    axes.set_xticks(places, names, rotation=0 if len(places) < 6 else 45, fontsize=9)


def _finish_layers(axes: Any) -> None:
    """What all lines have in common; chance only where it is near."""
    top = max(1.35 * axes.dataLim.y1, 1.0)
    axes.set_ylim(0, top)
    if top > _CHANCE:
        axes.axhline(_CHANCE, color=GRID, linewidth=1.5, linestyle="--")
        axes.annotate(
            "chance", (axes.get_xlim()[0], _CHANCE), xytext=(4, 2), textcoords="offset points",
            fontsize=8, color="#7a8894", va="bottom",
        )  # fmt: skip
    axes.legend(fontsize=8, frameon=False, ncols=2, loc="upper right")
    axes.set_ylabel("ABX error (%; lower is better)", color=INK)


def draw_pairs(axes: Any, pairs: Sequence[tuple[str, str, float]]) -> None:
    """Bars of the worst pairs of phones."""
    style_axes(axes)
    worst = list(reversed(pairs[:_NUM_PAIRS]))
    axes.barh(range(len(worst)), [100 * error for *_, error in worst], color=MODE_COLORS["A"])
    axes.set_yticks(range(len(worst)), [f"{a} / {b}" for a, b, _ in worst], fontsize=7)
    axes.set_ylim(len(worst) - max(len(worst), _LEAST_PAIRS) - 0.5, len(worst) - 0.5)
    axes.set_xlabel("error (%), both orders", color=INK)
