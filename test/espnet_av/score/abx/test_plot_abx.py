"""Pictures of ABX errors, of one layer and of many."""

import numpy as np

from espnet_av.figure import new_figure
from espnet_av.score.abx.levels import Means
from espnet_av.score.abx.plot_abx import draw_layers, plot_abx
from espnet_av.score.bootstrap import Resampling


def means(level):
    """Two talkers and three phones."""
    speaker, pair = np.repeat([0, 1], 6), np.tile([1, 2, 3, 5, 6, 7], 2)
    error = level + 0.01 * np.arange(12)
    return Means(speaker, pair, error, ["a", "b", "c"], ["s", "t"], 12, 48, level)


def test_layers_and_pairs(tmp_path):
    for layers in (1, 13):
        found = {f"layer{n}": means(0.3 - 0.02 * n) for n in range(layers)}
        plot_abx(
            {"across": found}, tmp_path / "abx.png", title="test", resampling=Resampling(20, 0)
        )
        assert (tmp_path / "abx.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "abx.png").stat().st_size > 10_000


def test_a_control_is_a_line_and_no_layer():
    axes = new_figure(4.0, 3.0).subplots()
    rates = {"layer1": 9.0, "layer2": 8.0, "mfcc": 1.4}
    draw_layers(axes, rates, dict.fromkeys(rates, (0.01, 0.1)), "across", "red", "mfcc")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["layer1", "layer2"]
    assert axes.get_legend_handles_labels()[1] == ["across", "mfcc across: 1.4"]
