"""The picture of missing video: a panel for each mode and noise, a line for each kind."""

from __future__ import annotations

from typing import Any

import pytest
from oracles.missing_records import COMPLETE, MISSING

from espnet_av.data.missing_video import KINDS
from espnet_av.figure import MODE_COLORS, new_figure
from espnet_av.score.missing_video import curves
from espnet_av.score.plot_missing_video import KIND_STYLES, label_shares, plot_missing_video
from espnet_av.score.text import WER


def test_picture_has_a_panel_for_each_noise_and_sound_alone_is_flat(tmp_path, monkeypatch):
    drawn: list[Any] = []
    monkeypatch.setattr(
        "espnet_av.score.plot_missing_video.save", lambda figure, path: drawn.append(figure)
    )
    plot_missing_video(curves(COMPLETE, MISSING, "test"), "test", tmp_path / "x", metric=WER)
    panels = [axes for axes in drawn[0].axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "V (lips), clean",
        "AV (both), clean",
        "AV (both), babble 0 dB",
    ]
    _, clean, noisy = panels
    for axes, height in ((clean, 8.0), (noisy, 50.0)):
        (flat,) = [line for line in axes.lines if line.get_color() == MODE_COLORS["A"]]
        assert list(flat.get_ydata()) == [height, height]
    curve = next(line for line in clean.lines if len(line.get_xdata()) == 3)
    assert list(curve.get_ydata()) == [4.0, 5.0, 6.0]
    assert list(curve.get_xdata()) == pytest.approx([0.0, 0.5, 1.0], abs=0.03)
    moved = next(line for line in clean.lines if list(line.get_ydata()) == [4.0, 4.5])
    assert list(moved.get_xdata()) == pytest.approx([0.0, 0.21], abs=0.03)
    names = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert names == ["A (sound)", "whole utterances", "start of each"]


def test_every_kind_has_a_look_of_its_own() -> None:
    assert tuple(KIND_STYLES) == KINDS
    for looks in zip(*KIND_STYLES.values(), strict=True):
        assert len(set(looks)) == len(KINDS)


def test_shares_are_written_as_percent() -> None:
    axes = new_figure(2, 2).add_subplot()
    label_shares(axes, {0.5, 0.0, 0.125})
    assert list(axes.get_xticks()) == [0.0, 0.125, 0.5]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "12.5", "50"]
    assert axes.get_xlim() == pytest.approx((-0.06, 0.56))
