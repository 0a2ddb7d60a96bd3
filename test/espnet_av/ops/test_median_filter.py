"""Median of yes and no over neighbouring frames."""

import numpy as np
import pytest
from scipy.signal import medfilt

from espnet_av.ops.median_filter import median_of_flags


@pytest.mark.parametrize("width", [1, 3, 11])
@pytest.mark.parametrize("length", [0, 1, 4, 11, 60])
def test_as_the_filter_that_superb_uses(width, length):
    active = np.random.default_rng(length).random((length, 2)) < 0.5
    found = median_of_flags(active, width)
    assert found.shape == active.shape and found.dtype == bool
    if length >= width:  # it warns of more
        assert np.array_equal(found, medfilt(active.astype(float), (width, 1)) > 0.5)


def test_short_bursts_go_and_short_gaps_close():
    row = np.array([0, 1, 0, 0, 1, 1, 0, 1, 1, 1])[:, None] > 0
    assert median_of_flags(row, 3)[:, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
