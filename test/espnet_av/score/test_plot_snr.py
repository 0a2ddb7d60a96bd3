"""The picture over the level of a noise: where its lines, bands and targets are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espnet_av.figure import MODE_COLORS
from espnet_av.score import plot_snr as module
from espnet_av.score.plot_snr import _height, categories_of, plot_snr
from espnet_av.score.text import WER


def record(mode: str, noise: str, rate: float, name: str = "test") -> dict[str, Any]:
    wer = {"rate": rate, "ci95": [rate - 1, rate + 2], "num_utts": 9}
    return {"set": name, "mode": mode, "noise": noise, "missing_video": None, "wer": wer}


RECORDS = [
    record("A", "babble:-5", 60.0),
    record("A", "clean", 5.0),
    record("A", "babble:5", 20.0),
    record("AV", "babble:5", 10.0),
    record("AV", "clean", 4.0),
    record("V", "clean", 30.0),
    record("A", "music:0", 15.0),
    record("A", "speech:0", 99.0, "other"),
]


def draw(path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    drawn: list[Any] = []
    monkeypatch.setattr(module, "save", lambda figure, to: drawn.append((figure, to)))
    plot_snr(RECORDS, "test", "babble", path, metric=WER, **options)
    ((figure, to),) = drawn
    assert to == path
    return figure.axes[0]


def test_lines_go_from_clean_to_the_loudest_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = draw(tmp_path / "x.png", monkeypatch)
    lines = {line.get_color(): line for line in axes.lines}
    points = {
        mode: list(zip(lines[color].get_xdata(), lines[color].get_ydata(), strict=True))
        for mode, color in MODE_COLORS.items()
    }
    assert points["A"] == [(0, 5), (1, 20), (2, 60)]
    assert points["AV"] == [(0, 4), (1, 10)]
    assert {y for _, y in points["V"]} == {30}, "no noise reaches the lips"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["clean", "5", "-5"]
    band = next(part for part in axes.collections if len(part.get_paths()[0].vertices) > 6)
    heights = {float(y) for _, y in band.get_paths()[0].vertices}
    assert {4.0, 7.0, 19.0, 22.0, 59.0, 62.0} <= heights
    shown = [text.get_text() for text in axes.texts]
    assert sorted(shown) == sorted(["5.0", "20.0", "60.0", "4.0", "10.0", "30.0"])
    assert "WER over babble noise (9 utterances" in axes.get_title(loc="left")


def test_targets_are_dashes_of_their_mode_where_they_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = {
        "set": "test", "mode": "AV", "noise": "babble:5", "metric": "wer", "lang": None,
        "target": 12.0, "ratio_to": None,
    }  # fmt: skip
    others = [
        {**target, "set": "other"},
        {**target, "metric": "cer"},
        {**target, "lang": "de"},
        {**target, "noise": "music:0"},
        {**target, "noise": "babble:0"},
    ]
    axes = draw(tmp_path / "x.png", monkeypatch, targets=[target, *others])
    dashes = [
        part.get_segments()[0].tolist()
        for part in axes.collections
        if hasattr(part, "get_segments") and part.get_segments()
    ]
    assert dashes == [[[pytest.approx(0.82), 12.0], [pytest.approx(1.18), 12.0]]]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[-1] == "target"


def test_categories_of_a_set() -> None:
    assert categories_of(RECORDS, "test") == ["babble", "music"]
    assert categories_of(RECORDS, "other") == ["speech"]
    assert categories_of(RECORDS[1:2], "test") == []


def test_picture_shows_a_ratio_as_the_figure_that_it_asks_for() -> None:
    targets = [
        {"target": 120.0, "ratio_to": "A", "noise": "babble:0", "metric": "bleu"},
        {"target": 120.0, "ratio_to": "A", "noise": "babble:5", "metric": "bleu"},
        {"target": 40.0, "ratio_to": None, "noise": "babble:0", "metric": "bleu"},
    ]
    records = [
        {"mode": mode, "noise": noise, "bleu": {"rate": rate}}
        for mode, noise, rate in [
            ("A", "clean", 30.0),
            ("AV", "babble:0", 2.0),
            ("A", "babble:0", 10.0),
        ]
    ]
    heights = [_height(target, records) for target in targets]
    assert heights == [pytest.approx(12.0), None, 40.0]
