"""How fast shards were made, and how long a large corpus would take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from espnet_av.atomic import atomic_write
from espnet_av.data.shard import AnyShard

_LARGE_HOURS = 1200
"""Hours of MuAViC, the largest corpus with a recipe here."""


def timing_path(shard: AnyShard) -> Path:
    """Where the time of a shard is kept: among the logs, as it differs from run to run."""
    return shard.out_dir / "logdir" / "timing" / f"{shard.number:06d}.json"


def write_timing(shard: AnyShard, seconds: float, num_jobs: int) -> None:
    """Note that one of `num_jobs` has just made the shard in `seconds`."""
    record = shard.read_record()
    content = {
        "sec": seconds,
        "media_sec": 0.0 if record is None else shard.media_sec(record),
        "bytes": shard.num_bytes(),
        "num_jobs": num_jobs,
    }
    with atomic_write(timing_path(shard)) as stream:
        json.dump(content, stream)


def _read_timing(path: Path) -> dict[str, float] | None:
    """What `write_timing` wrote; None if it is not there, or damaged: it is for the log alone."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {key: float(content[key]) for key in ("sec", "media_sec", "bytes", "num_jobs")}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def describe_throughput(shards: Sequence[AnyShard]) -> str:
    """One line: hours of speech for each hour of a job, and time and space for a large corpus."""
    timings = [found for path in map(timing_path, shards) if (found := _read_timing(path))]
    sec, media_sec, num_bytes = (
        sum(timing[key] for timing in timings) for key in ("sec", "media_sec", "bytes")
    )
    if not sec or not media_sec:
        return f"{shards[0].stage}: nothing was timed"
    speed, num_jobs = media_sec / sec, int(max(timing["num_jobs"] for timing in timings))
    projected = timedelta(hours=round(_LARGE_HOURS / speed / num_jobs, 2))
    size = num_bytes / media_sec * _LARGE_HOURS * 3600
    return (
        f"{shards[0].stage}: {media_sec / 3600:.3g} h of clips in {timedelta(seconds=round(sec))} "
        f"of work, {speed:.3g} h an hour for each job, {num_bytes / 1e9:.3g} GB; "
        f"{_LARGE_HOURS} h would take {projected} with {num_jobs} in parallel, and "
        f"{size / 1e9:.3g} GB"
    )
