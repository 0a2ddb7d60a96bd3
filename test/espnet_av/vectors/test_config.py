"""Settings of the vectors stage."""

import pytest

from espnet_av.errors import ConfigError
from espnet_av.vectors.config import VectorsConfig


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"batch_size": 0}, "batch_size is 0; at least 1"),
        ({"max_tokens": -1}, "max_tokens is -1; at least 1"),
        ({"max_dropped_ratio": 1.5}, "a share between 0 and 1"),
    ],
)
def test_wrong_settings(wrong, reason):
    with pytest.raises(ConfigError, match=reason):
        VectorsConfig(**wrong)
