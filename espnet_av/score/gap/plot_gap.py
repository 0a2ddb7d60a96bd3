"""Picture: errors of models of one language and of all, and the gap between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from textwrap import fill
from typing import Any

from espnet_av.figure import INK, MODE_COLORS, new_figure, save, style_axes
from espnet_av.score.gap.gap import NAMES, MultilingualGap, errors_of
from espnet_av.score.gap.runs import Trained
from espnet_av.score.seeds.estimate import Estimate

_ONE, _ALL = MODE_COLORS["AV"], MODE_COLORS["A"]


def plot_gap(
    systems: Sequence[Trained], gap: MultilingualGap, names: tuple[str, str], path: Path
) -> None:
    """Draw bars with intervals over seeds.

    Args:
        systems: all that were trained.
        gap: made of them.
        names: the model without pictures, and that with them.
        path: PNG to write.
    """
    figure = new_figure(10.5, 4.6)
    left, right = figure.subplots(1, 2)
    for place, name in enumerate(names):
        for one, color, shift in ((True, _ONE, -0.19), (False, _ALL, 0.19)):
            errors = Estimate(
                tuple(
                    fmean(errors_of(systems, name, one=one, seed=seed).values())
                    for seed in gap.seeds
                )
            )
            _bar(left, place + shift, errors, 0.34, color, f"{errors.mean:.1f}", 1.0)
    style_axes(left)
    left.set_xticks(range(len(names)), names)
    left.set_ylabel("ABX error (%; lower is better)", color=INK)
    left.set_title("mean over languages and talkers", loc="left", fontsize=11, color=INK)
    for color, words in ((_ONE, "one language each"), (_ALL, "all languages")):
        left.bar([0], [0], color=color, label=words)
    left.margins(y=0.2)
    left.legend(frameon=False, loc="upper right", fontsize=9)
    for place, name in enumerate(NAMES):
        estimate = gap.of_means[name]
        color = _ALL if name in "yw" else _ONE
        _bar(right, place, estimate, 0.6, color, f"{100 * estimate.mean:.1f}", 100.0)
    style_axes(right)
    right.axhline(0, color=INK, linewidth=0.8)
    titles = [f"{name}\n{fill(words, 14)}" for name, words in NAMES.items()]
    right.set_xticks(range(len(NAMES)), titles, fontsize=8)
    right.set_ylabel("percent", color=INK)
    seeds = f"{len(gap.seeds)} seeds, 95 % intervals" if len(gap.seeds) > 1 else "one seed"
    right.set_title(f"gaps and gains ({seeds})", loc="left", fontsize=11, color=INK)
    save(figure, path)


def _bar(
    axes: Any, place: float, estimate: Estimate, width: float, color: str, text: str, factor: float
) -> None:
    """A bar, its interval, a dot for each seed and its height in words."""
    mean, half = factor * estimate.mean, estimate.half_width
    axes.bar([place], [mean], width=width, color=color, alpha=0.75)
    if half is not None:
        axes.errorbar([place], [mean], [factor * half], color=INK, capsize=3, linewidth=1)
    values = [factor * value for value in estimate.values]
    axes.plot([place + width / 4] * len(values), values, ".", color=INK, markersize=4)
    top = max([mean, *values])
    axes.annotate(
        text, (place - width / 4, top if mean >= 0 else 0), xytext=(0, 3),
        textcoords="offset points", ha="center", fontsize=9, color=INK,
    )  # fmt: skip
