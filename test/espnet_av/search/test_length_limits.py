"""Numbers of tokens from ratios, as ESPnet reads them."""

import pytest

from espnet_av.search.length_limits import longest_output, shortest_output


@pytest.mark.parametrize(
    ("frames", "ratio", "most", "least"),
    [(10, 0.0, 10, 0), (10, 0.5, 5, 5), (1, 0.3, 1, 0), (10, -7.0, 7, 7), (3, 2.0, 6, 6)],
)
def test_shares_and_numbers(frames, ratio, most, least):
    assert longest_output(frames, ratio) == most
    assert shortest_output(frames, ratio) == least
