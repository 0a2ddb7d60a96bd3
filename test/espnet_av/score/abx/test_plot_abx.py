"""Pictures of ABX errors, of one layer and of many."""

import numpy as np

from espnet_av.score.abx.levels import Means
from espnet_av.score.abx.plot_abx import plot_abx
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
