"""The picture of systems with less and less video: a panel for each system and condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espnet_av.score.seeds import plot_seed_missing as module
from espnet_av.score.seeds.plot_seed_missing import plot_seed_missing
from espnet_av.score.seeds.runs import System

NOISY, CLEAN = ("test", "AV", "babble:0"), ("test", "AV", "clean")
DEAF = System("sound alone", "wer", rates={("test", "A", "babble:0"): {1: 70.0}})


def both(name: str, shift: float = 0.0) -> System:
    missing = {
        (*NOISY, "start:0.5"): {1: 56.0 + shift, 2: 60.0 + shift},
        (*NOISY, "start:0.25"): {1: 54.0 + shift},
        (*NOISY, "whole:0.5"): {1: 58.0 + shift, 2: 62.0 + shift},
    }
    alone = {("test", "A", "babble:0"): {1: 61.0, 2: 63.0}}
    rates = {NOISY: {1: 50.0 + shift, 2: 51.0 + shift}, CLEAN: {1: 5.0}, **alone}
    return System(name, "wer", rates=rates, missing=missing)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    figures: list[Any] = []
    monkeypatch.setattr(module, "save", lambda figure, path: figures.append(figure))
    return figures


def test_means_over_seeds_from_all_video_on(drawn: list[Any]) -> None:
    assert plot_seed_missing([DEAF, both("both")], Path("x.png"))
    (panel,) = drawn[0].axes
    assert panel.get_title(loc="left") == "both"
    assert panel.get_ylabel().startswith("test, AV (both), babble 0 dB\n")
    lines = {line.get_label(): line for line in panel.get_lines()}
    assert list(lines["A (sound)"].get_ydata()) == [62.0, 62.0]
    start = lines["start of each"]
    assert list(start.get_xdata()) == [0, 0.25, 0.5]
    assert list(start.get_ydata()) == [50.5, 54.0, 58.0]
    assert list(lines["whole utterances"].get_ydata()) == [50.5, 60.0]


def test_panels_are_as_high_as_each_other(drawn: list[Any]) -> None:
    assert plot_seed_missing([both("one"), both("two", 20.0)], Path("x.png"))
    one, two = (axes.get_ylim() for axes in drawn[0].axes)
    assert one[1] - one[0] == pytest.approx(two[1] - two[0])
    assert two[0] < 70.5 and one[1] > 62.0


def test_nothing_missing_no_picture(drawn: list[Any]) -> None:
    assert not plot_seed_missing([DEAF], Path("x.png"))
    assert drawn == []
