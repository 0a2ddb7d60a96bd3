"""Rules of the dump's options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espnet_av.config import load_config
from espnet_av.dump.config import DumpConfig
from espnet_av.errors import ConfigError


def test_durations_are_read_with_their_units(tmp_path: Path) -> None:
    path = tmp_path / "dump.yaml"
    path.write_text("min_duration: 500ms\nmax_duration: 1m\nmax_mismatch: 2\nrequire: both\n")
    assert load_config(DumpConfig, path) == DumpConfig(
        min_duration=0.5, max_duration=60.0, max_mismatch=2.0, require="both"
    )
    path.write_text("require: sound\n")
    with pytest.raises(ConfigError, match=r"require: .*'sound'"):
        load_config(DumpConfig, path)


@pytest.mark.parametrize(
    "changes",
    [
        {"shard_utts": 1},
        {"min_duration": 0.0, "max_duration": 0.001},
        {"max_dropped_ratio": 0.0},
        {"max_dropped_ratio": 1.0},
    ],
)
def test_right_to_the_last(changes: dict[str, Any]) -> None:
    config = DumpConfig(**changes)
    assert {name: getattr(config, name) for name in changes} == changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shard_utts": 0}, "shard_utts is 0; a shard holds at least 1 utterance"),
        ({"film_side": 0}, "film_side is 0; films have at least 1 pixel"),
        ({"min_duration": 2.0, "max_duration": 2.0}, r"2\.0 must be below max_duration 2\.0"),
        ({"min_duration": -0.1}, r"min_duration -0\.1 must be below max_duration 20\.0"),
        ({"max_dropped_ratio": 1.01}, r"max_dropped_ratio is 1\.01; it is a share"),
        ({"max_dropped_ratio": -0.01}, r"max_dropped_ratio is -0\.01; it is a share"),
    ],
)
def test_wrong_from_the_first(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DumpConfig(**changes)
