"""The picture of a gap."""

from oracles.gap_systems import systems

from espnet_av.score.gap.gap import make_gap
from espnet_av.score.gap.plot_gap import plot_gap


def test_bars_of_several_seeds_and_of_one(tmp_path):
    for seeds in ((1, 2, 3), (1,)):
        found = systems(spread=0.3, seeds=seeds)
        plot_gap(found, make_gap(found, "SSL", "VGS+"), ("SSL", "VGS+"), tmp_path / "gap.png")
        assert (tmp_path / "gap.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "gap.png").stat().st_size > 10_000
