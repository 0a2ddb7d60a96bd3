"""Picture: error rate or BLEU over noise level, a line per mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from espnet_av.figure import (
    INK,
    MODE_COLORS,
    MODE_NAMES,
    halo,
    new_figure,
    save,
    style_axes,
)
from espnet_av.predict.condition import CLEAN, parse_noise
from espnet_av.score.matrix import modes_of
from espnet_av.score.metric import Metric
from espnet_av.score.record import Record, axes_of, select


def plot_snr(
    records: Sequence[Record],
    set_name: str,
    category: str,
    path: Path,
    *,
    metric: Metric,
    targets: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Draw the metric against the level of one category of noise, with confidence bands.

    Clean speech stands at the left end; lips alone are a horizontal line, as no noise reaches
    them. Targets are short dashes in the colour of their mode.

    Args:
        records: conditions of `scores.json`.
        set_name: test set.
        category: kind of noise.
        path: PNG to write.
        metric: what to draw.
        targets: target rows of `scores.json`.
    """
    chosen = [
        record
        for record in select(records, {"set": set_name})
        if _place(axes_of(record)["noise"], category)
    ]
    noises = {axes_of(record)["noise"] for record in chosen} - {CLEAN}
    levels = sorted({_level(noise) for noise in noises}, reverse=True)
    places = {CLEAN: 0.0} | {level: 1.0 + index for index, level in enumerate(levels)}
    figure = new_figure(7.2, 4.4)
    axes = figure.add_subplot()
    style_axes(axes)
    for mode in modes_of(chosen):
        rows = select(chosen, {"mode": mode})
        if mode == "V":
            _draw_flat(axes, rows[0][metric.name], metric)
        else:
            points = [(places[_key(axes_of(row)["noise"])], row[metric.name]) for row in rows]
            # Sound alone is the worse curve nearly always; outside of the two there is room.
            above = (mode == "A") == metric.lower_is_better
            points.sort(key=lambda point: point[0])
            _draw_line(axes, mode, points, metric, above=above)
    mine = [row for row in targets if row["set"] == set_name and row["metric"] == metric.name]
    _draw_targets(axes, [(row, _height(row, chosen)) for row in mine], category, places)
    axes.set_xticks(list(places.values()), [CLEAN, *(f"{level:g}" for level in levels)])
    num_utts = chosen[0][metric.name]["num_utts"]
    title = (
        f"{set_name}: {metric.title} over {category} noise ({num_utts} utterances, 95 % intervals)"
    )
    _label(axes, category, title, metric)
    save(figure, path)


def _label(axes: Any, category: str, title: str, metric: Metric) -> None:
    axes.set_xlabel(f"signal-to-noise ratio of {category} noise (dB)", color=INK)
    axes.set_ylabel(metric.axis, color=INK)
    axes.margins(y=0.1)
    axes.set_ylim(bottom=min(0.0, -0.04 * axes.get_ylim()[1]))
    axes.set_title(title, color=INK, fontsize=11, loc="left")
    # Below the axes: lines and targets may be anywhere in them.
    axes.legend(frameon=False, fontsize=9, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.14))


def categories_of(records: Sequence[Record], set_name: str) -> list[str]:
    """Kinds of noise with at least one level in a test set."""
    parsed = [
        parse_noise(axes_of(record)["noise"]) for record in select(records, {"set": set_name})
    ]
    return sorted({noise.category for noise in parsed if noise is not None})


def _draw_line(
    axes: Any,
    mode: str,
    points: Sequence[tuple[float, Mapping[str, Any]]],
    metric: Metric,
    *,
    above: bool,
) -> None:
    xs = [x for x, _ in points]
    rates = [figure["rate"] for _, figure in points]
    lows, highs = ([figure["ci95"][side] for _, figure in points] for side in (0, 1))
    color = MODE_COLORS[mode]
    axes.fill_between(xs, lows, highs, color=color, alpha=0.15, linewidth=0)
    axes.plot(xs, rates, "o-", color=color, linewidth=2, markersize=5, label=MODE_NAMES[mode])
    for x, rate in zip(xs, rates, strict=True):
        axes.annotate(
            metric.show(rate),
            (x, rate),
            xytext=(0, 7 if above else -14),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=color,
            path_effects=halo(),
        )


def _draw_flat(axes: Any, figure: Mapping[str, Any], metric: Metric) -> None:
    color = MODE_COLORS["V"]
    axes.axhspan(*figure["ci95"], color=color, alpha=0.12, linewidth=0)
    axes.axhline(figure["rate"], color=color, linewidth=2, label=MODE_NAMES["V"])
    axes.annotate(
        metric.show(figure["rate"]),
        (0.5, figure["rate"]),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        fontsize=8,
        color=color,
        path_effects=halo(),
    )


def _draw_targets(
    axes: Any,
    targets: Sequence[tuple[Mapping[str, Any], float | None]],
    category: str,
    places: Mapping[str | float, float],
) -> None:
    drawn = False
    for row, height in targets:
        elsewhere = not _place(row["noise"], category) or _key(row["noise"]) not in places
        if row["lang"] or elsewhere or height is None:
            continue
        x = places[_key(row["noise"])]
        axes.hlines(
            height,
            x - 0.18,
            x + 0.18,
            color=MODE_COLORS[row["mode"]],
            linestyles=(0, (2, 1)),
            linewidth=2,
        )
        drawn = True
    if drawn:
        axes.plot([], [], color=INK, linestyle=(0, (2, 1)), linewidth=2, label="target")


def _height(target: Mapping[str, Any], records: Sequence[Record]) -> float | None:
    """Where a target lies on the axis; one that compares two modes needs the other's figure."""
    value = float(target["target"])
    if target["ratio_to"] is None:
        return value
    for row in select(records, {"mode": target["ratio_to"], "noise": target["noise"]}):
        return value / 100.0 * float(row[target["metric"]]["rate"])
    return None


def _place(noise: str, category: str) -> bool:
    parsed = parse_noise(noise)
    return parsed is None or parsed.category == category


def _key(noise: str) -> str | float:
    return CLEAN if noise == CLEAN else _level(noise)


def _level(noise: str) -> float:
    parsed = parse_noise(noise)
    assert parsed is not None
    return parsed.snr_db
