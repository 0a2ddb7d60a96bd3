"""How fast shards were made: what is noted, and the line that is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from espnet_av.data.throughput import describe_throughput, timing_path, write_timing

BAD = b'{"sec": "x", "media_sec": 1, "bytes": 1, "num_jobs": 1}'


@dataclass
class FakeShard:
    """What is asked of a shard."""

    out_dir: Path
    number: int
    record: dict[str, float] | None
    size: int = 0
    stage: str = "roi"

    def read_record(self) -> dict[str, float] | None:
        return self.record

    def media_sec(self, record: dict[str, float]) -> float:
        return record["sec"]

    def num_bytes(self) -> int:
        return self.size


def made(folder: Path, *rows: tuple[float, float, int, int]) -> list[Any]:
    """Shards of (seconds of work, seconds of clips, bytes, jobs), timed."""
    shards = []
    for number, (seconds, media_sec, size, num_jobs) in enumerate(rows, 1):
        shards.append(FakeShard(folder, number, {"sec": media_sec}, size))
        write_timing(shards[-1], seconds, num_jobs)  # type: ignore[arg-type]
    return shards


def test_what_is_noted_lies_among_the_logs(tmp_path: Path) -> None:
    shards = made(tmp_path, (12.5, 90.0, 4000, 3))
    path = tmp_path / "logdir/timing/000001.json"
    assert timing_path(shards[0]) == path
    noted = {"sec": 12.5, "media_sec": 90.0, "bytes": 4000, "num_jobs": 3}
    assert json.loads(path.read_text()) == noted
    shards[0].record = None
    write_timing(shards[0], 1.0, 1)
    assert json.loads(path.read_text())["media_sec"] == 0.0


def test_sums_over_shards_and_what_a_large_corpus_would_take(tmp_path: Path) -> None:
    # 1 h of clips in 90 s of work: 40 h an hour; 1200 h / 40 / 4 jobs = 7.5 h; 0.25 GB * 1200.
    rows = [(30.0, 1200.0, 100_000_000, 2), (60.0, 2400.0, 150_000_000, 4)]
    assert describe_throughput(made(tmp_path, *rows)) == (
        "roi: 1 h of clips in 0:01:30 of work, 40 h an hour for each job, 0.25 GB; "
        "1200 h would take 7:30:00 with 4 in parallel, and 300 GB"
    )


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b'{"sec": 1}', BAD, b"\xff"])
def test_what_cannot_be_read_is_left_out(tmp_path: Path, damage: bytes | None) -> None:
    rows = [(30.0, 1200.0, 0, 2), (60.0, 2400.0, 150_000_000, 2)]
    shards = made(tmp_path, *rows)
    timing_path(shards[0]).unlink()
    if damage is not None:
        timing_path(shards[0]).write_bytes(damage)
    assert describe_throughput(shards).startswith("roi: 0.667 h of clips in 0:01:00 of work, 40 h")


@pytest.mark.parametrize("row", [(0.0, 1200.0, 5, 1), (30.0, 0.0, 5, 1)])
def test_nothing_was_timed(tmp_path: Path, row: tuple[float, float, int, int]) -> None:
    assert describe_throughput(made(tmp_path, row)) == "roi: nothing was timed"
