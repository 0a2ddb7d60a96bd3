"""The look that all pictures share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write

MODE_COLORS = {"A": "#d1495b", "V": "#7a6c5d", "AV": "#00798c"}
MODE_NAMES = {"A": "A (sound)", "V": "V (lips)", "AV": "AV (both)"}
INK, GRID = "#22303c", "#dfe5ea"


def new_figure(width: float, height: float) -> Any:
    """A figure of `width` x `height` inches that needs no display and is kept by nobody."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: Any, *, grid: bool = True) -> None:
    """Thin frame, light grid behind the data."""
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#9aa7b1")
    axes.tick_params(colors=INK, labelsize=9)
    if grid:
        axes.grid(color=GRID, linewidth=0.8)


def halo() -> list[Any]:
    """Effect that keeps text readable over lines."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="white")]


def save(figure: Any, path: Path) -> None:
    """Write a PNG atomically."""
    with atomic_write(path, "wb") as stream:
        figure.savefig(stream, format="png", dpi=130)
