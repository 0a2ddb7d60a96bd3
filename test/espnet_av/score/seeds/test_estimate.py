"""Means over seeds and their intervals."""

from __future__ import annotations

import math

from espnet_av.score.seeds.estimate import Estimate


def test_interval_by_hand() -> None:
    # s = 1; t of 2 degrees of freedom at 97.5 % is 4.302653.
    found = Estimate((9.0, 10.0, 11.0))
    assert found.mean == 10.0 and found.half_width is not None
    assert math.isclose(found.half_width, 4.302653 / math.sqrt(3), rel_tol=1e-6)
    assert found.is_clear and not Estimate((-1.0, 0.5, 1.0)).is_clear


def test_one_seed_has_no_interval() -> None:
    assert (Estimate((3.0,)).mean, Estimate((3.0,)).half_width) == (3.0, None)
    assert not Estimate((3.0,)).is_clear
