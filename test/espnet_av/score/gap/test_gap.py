"""The gap: formulas, identity, both averages, intervals over seeds, and what does not belong."""

from __future__ import annotations

import pytest
from oracles.gap_systems import PLACES, PUBLISHED, systems

from espnet_av.errors import ConfigError
from espnet_av.score.gap.gap import make_gap
from espnet_av.score.seeds.estimate import Estimate


def test_the_published_figures_agree_with_each_other():
    gap = make_gap(systems(), "SSL", "VGS+")
    for name, percent in PUBLISHED.items():
        assert 100 * gap.of_means[name].mean == pytest.approx(percent, abs=0.02)
    assert gap.identity < 1e-12
    assert gap.of_means["y > w"].mean > 0 and gap.of_means["z > x"].mean > 0
    assert gap.of_means["y"].half_width == pytest.approx(0, abs=1e-12)


def test_means_of_ratios_are_other_figures():
    found = systems()
    found[2].errors["en", "within"] = dict.fromkeys((1, 2, 3), 12.0)  # SSL all
    gap = make_gap(found, "SSL", "VGS+")
    assert gap.of_cells["y"].mean == pytest.approx((12 / 8 + 3 * 1.315) / 4 - 1)
    assert gap.of_means["y"].mean == pytest.approx((12 + 3.2 * 13.15) / 40 - 1)
    assert gap.identity < 1e-12


def test_intervals_are_over_seeds():
    gap = make_gap(systems(spread=0.5), "SSL", "VGS+")
    # 0.265, 0.315, 0.365: a standard deviation of 0.05, and t of 2 degrees is 4.3027.
    assert gap.of_means["y"].values == pytest.approx((0.265, 0.315, 0.365))
    assert gap.of_means["y"].half_width == pytest.approx(4.302653 * 0.05 / 3**0.5)
    assert Estimate((0.1,)).half_width is None


def test_seeds_that_are_not_common():
    found = systems()
    for place in PLACES:
        found[1].errors[place] = {9: 1.0}
    with pytest.raises(ValueError, match="no seed is common to all"):
        make_gap(found, "SSL", "VGS+")


def test_an_error_of_nothing_has_no_ratio():
    found = systems()
    for place in PLACES:
        for n in (0, 1):
            found[n].errors[place] = dict.fromkeys((1, 2, 3), 0.0)
    with pytest.raises(ValueError, match="an error is 0 %"):
        make_gap(found, "SSL", "VGS+")


def test_a_first_stage_that_was_trained_once_is_that_of_every_seed():
    found = systems(spread=0.1)
    for system in found:
        if system.name == "SSL":
            system.errors = {place: {7: rates[2]} for place, rates in system.errors.items()}
    gap = make_gap(found, "SSL", "VGS+")
    assert gap.seeds == [1, 2, 3]
    assert len(set(gap.of_means["y"].values)) == 1
    assert len(set(gap.of_means["w"].values)) == 3
    assert gap.of_means["y"].mean == pytest.approx(PUBLISHED["y"] / 100)


def test_first_stages_of_other_seeds_are_not_mixed():
    found = systems()
    for number, system in enumerate(found[:3]):
        system.errors = {place: {7 + number: rates[2]} for place, rates in system.errors.items()}
    with pytest.raises(ConfigError, match="no seed is common to all"):
        make_gap(found, "SSL", "VGS+")
