"""The picture of systems over seeds: a dot for each seed, a bar at their mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espnet_av.figure import MODE_COLORS
from espnet_av.score.seeds import plot_seeds as module
from espnet_av.score.seeds.plot_seeds import plot_seeds
from espnet_av.score.seeds.runs import System


def test_dots_bars_and_panels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(module, "save", lambda figure, path: drawn.append(figure))
    clean, noisy = ("test", "A", "clean"), ("test", "A", "babble:0")
    both = {("test", "AV", "clean"): {1: 4.0, 2: 8.0}}
    systems = [
        System("first", "wer", rates={clean: {1: 10.0, 2: 20.0, 3: 33.0}, **both}),
        System("second", "wer", rates={clean: {1: 12.0}, noisy: {1: 50.0}}),
    ]
    plot_seeds(systems, tmp_path / "x.png")
    panels = drawn[0].axes
    assert [axes.get_title(loc="left") for axes in panels] == ["test, clean", "test, babble 0 dB"]
    assert [text.get_text() for text in panels[0].get_yticklabels()] == ["first", "second"]
    dots = {
        (line.get_color(), round(float(line.get_ydata()[0]))): list(line.get_xdata())
        for line in panels[0].lines
    }
    assert dots == {
        (MODE_COLORS["A"], 0): [10.0, 20.0, 33.0],
        (MODE_COLORS["A"], 1): [12.0],
        (MODE_COLORS["AV"], 0): [4.0, 8.0],
    }
    bars = sorted(float(bar.get_segments()[0][0][0]) for bar in panels[0].collections)
    assert bars == [6.0, 12.0, 21.0]
    assert [list(line.get_xdata()) for line in panels[1].lines[:1]] == [[50.0]]
    assert panels[0].get_xlabel() == "WER %" and panels[0].get_xlim()[0] == 0
    assert panels[0].get_ylim()[0] > panels[0].get_ylim()[1], "from top to bottom"
