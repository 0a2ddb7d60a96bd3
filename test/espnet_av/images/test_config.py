"""Settings of the images stage that cannot be."""

from __future__ import annotations

import pytest

from espnet_av.errors import ConfigError
from espnet_av.images.config import ImagesConfig


@pytest.mark.parametrize(
    ("key", "value"),
    [("shard_images", 0), ("grid", 0), ("batch_size", -1), ("num_regions", -1), ("width", -2),
     ("max_dropped_ratio", 1.5), ("max_pixels", 0)],
)  # fmt: skip
def test_what_cannot_be_is_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=key):
        ImagesConfig(**{key: value})
