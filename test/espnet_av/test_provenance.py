"""Every output says what made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from espnet_av.provenance import write_provenance


@dataclass(frozen=True)
class Config:
    seed: int = 3


def test_record_is_complete(tmp_path: Path) -> None:
    write_provenance(tmp_path, Config(), seed=3)
    record = yaml.safe_load((tmp_path / "provenance.yaml").read_text(encoding="utf-8"))
    assert set(record) == {"command", "date", "git", "versions", "seed"}
    assert record["versions"]["torch"] != "not installed"
    assert yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8")) == {"seed": 3}
