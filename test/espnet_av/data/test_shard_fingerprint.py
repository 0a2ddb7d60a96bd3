"""Fingerprints of shards: what they follow, what they leave out, and that of an archive's shard."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from espnet_av.data.shard_fingerprint import archive_fingerprint, checked_text, work_fingerprint
from espnet_av.errors import DataDirError


@dataclasses.dataclass(frozen=True)
class Config:
    size: int = 96
    max_dropped_ratio: float = 0.05


ROWS = [("s1-a", 5), ("s1-b", None)]


def test_follows_configuration_and_rows() -> None:
    """Finished shards were marked with this value: SHA-256 of the settings, then of each row."""
    text = "[('size', 96)]" + "('s1-a', 5)" + "('s1-b', None)"
    first = work_fingerprint(Config(), ROWS)
    assert first == hashlib.sha256(text.encode()).hexdigest()
    assert work_fingerprint(Config(), iter(ROWS)) == first
    assert work_fingerprint(Config(size=88), ROWS) != first
    assert work_fingerprint(Config(), ROWS[:1]) != first
    assert work_fingerprint(Config(), ROWS[::-1]) != first
    # Which share of drops is accepted does not change what is made.
    assert work_fingerprint(Config(max_dropped_ratio=0.5), ROWS) == first


def write(out: Path, content: bytes) -> str:
    (out / "shards").mkdir(parents=True)
    (out / "shards/000001.json").write_bytes(content)
    return str(out / "audio.000001.ark")


def test_of_an_archive_is_that_of_its_shard_and_of_its_sources(tmp_path: Path) -> None:
    assert archive_fingerprint(write(tmp_path / "a", b'{"fingerprint": "f"}')) == "f"
    record = json.dumps({"fingerprint": "f", "sources": ["g", "h"]}).encode()
    assert archive_fingerprint(write(tmp_path / "b", record)) == "f g h"
    assert archive_fingerprint(str(tmp_path / "audio.000001.ark")) is None


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff", b"null", b"[]", b"{}", b'{"fingerprint": 3}']
)
def test_damaged_record_is_named_with_a_cure(tmp_path: Path, damage: bytes) -> None:
    ark = write(tmp_path / "roi", damage)
    message = (
        rf"{tmp_path}/roi/shards/000001\.json: damaged .*; remove {tmp_path}/roi/\.done and run"
    )
    with pytest.raises(DataDirError, match=message):
        archive_fingerprint(ark)


def test_text_of_a_record_is_a_text() -> None:
    assert checked_text("a") == "a"
    with pytest.raises(TypeError, match="3 where a text is expected"):
        checked_text(3)
