"""Settings of the mouth stage: what is refused, and where the limits are."""

from __future__ import annotations

import pytest

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.roi.config import RoiConfig


@pytest.mark.parametrize(
    "limit",
    [
        {"size": 8}, {"detect_every": 1}, {"detect_side": 24}, {"shard_utts": 1},
        {"smoothing_window": 0}, {"max_dropped_ratio": 0.0}, {"max_dropped_ratio": 1.0},
        {"min_share": 0.0}, {"min_share": 1.0}, {"fixed_crop": [0.5, 0.5, 0.01]},
    ],
)  # fmt: skip
def test_limits_themselves_are_allowed(limit):
    build(RoiConfig, limit)


@pytest.mark.parametrize(
    ("beyond", "message"),
    [
        ({"size": 7}, "size >= 8"),
        ({"smoothing_window": -1}, "smoothing_window >= 0"),
        ({"max_dropped_ratio": -0.01}, "max_dropped_ratio within 0..1"),
        ({"max_dropped_ratio": 1.01}, "max_dropped_ratio within 0..1"),
        ({"detect_every": 0}, "detect_every and shard_utts must be at least 1"),
        ({"shard_utts": 0}, "detect_every and shard_utts must be at least 1"),
        ({"detect_side": 23}, "detect_side at least 24"),
        ({"min_share": 1.5}, r"min_share is 1\.5"),
        ({"min_share": -0.5}, r"min_share is -0\.5"),
        ({"fixed_crop": [0.5, 0.5, 0.0]}, "third number"),
    ],
)
def test_what_is_beyond_is_refused(beyond, message):
    with pytest.raises(ConfigError, match=message):
        build(RoiConfig, beyond)
