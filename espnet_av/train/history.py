"""The figures of a run over its steps, and the curves drawn from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write

PHASES = ("train", "valid")


class History:
    """Phase -> key -> list of (step, value); small enough to live in every checkpoint."""

    def __init__(self) -> None:
        self.points: dict[str, dict[str, list[tuple[int, float]]]] = {p: {} for p in PHASES}

    def add(self, phase: str, step: int, values: Mapping[str, float]) -> None:
        """Record the values of `step`."""
        for key, value in values.items():
            self.points[phase].setdefault(key, []).append((step, float(value)))

    def last(self, phase: str, key: str) -> float:
        """Newest value; NaN when there is none."""
        points = self.points[phase].get(key)
        return points[-1][1] if points else float("nan")

    def state_dict(self) -> dict[str, Any]:
        """Plain lists, loadable with `torch.load(weights_only=True)`."""
        return {
            phase: {key: [[step, value] for step, value in points] for key, points in keys.items()}
            for phase, keys in self.points.items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for phase, keys in state.items():
            self.points[phase] = {
                key: [(int(step), float(value)) for step, value in points]
                for key, points in keys.items()
            }

    def draw(self, out_dir: str | Path) -> None:
        """Write one PNG per key, training and validation in one picture."""
        keys = sorted({key for phase in PHASES for key in self.points[phase]})
        for key in keys:
            curves = {phase: _finite(self.points[phase].get(key, [])) for phase in PHASES}
            if any(curves.values()):
                _draw_key(key, curves, Path(out_dir) / f"{key}.png")


def _finite(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(step, value) for step, value in points if math.isfinite(value)]


def _draw_key(key: str, curves: Mapping[str, list[tuple[int, float]]], path: Path) -> None:
    # The object interface: pyplot would keep every figure, and ask for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    styles: dict[str, dict[str, Any]] = {
        "train": {"color": "tab:blue", "lw": 1.2},
        "valid": {"color": "tab:orange", "lw": 2},
    }
    for phase, points in curves.items():
        if points:
            steps, values = zip(*points, strict=True)
            marker = "o" if len(points) <= 40 and phase == "valid" else None
            axes.plot(steps, values, label=phase, marker=marker, markersize=4, **styles[phase])
            axes.annotate(
                f"{values[-1]:.4g}",
                (steps[-1], values[-1]),
                xytext=(4, 0),
                textcoords="offset points",
                color=styles[phase]["color"],
                fontsize=8,
                va="center",
            )
    axes.set(xlabel="step", ylabel=key, title=key)
    axes.margins(x=0.08)
    axes.grid(alpha=0.3)
    axes.legend()
    with atomic_write(path, "wb") as stream:
        figure.savefig(stream, format="png")
