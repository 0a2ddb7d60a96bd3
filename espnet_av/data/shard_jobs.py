"""One job's share of the shards: those that are missing, in time and within the disk."""

from __future__ import annotations

import time
from collections.abc import Sequence

from espnet_av.data.disk_space import check_space, estimate_bytes
from espnet_av.data.shard import AnyShard
from espnet_av.data.throughput import write_timing
from espnet_av.progress import ProgressBar


def write_shards(shards: Sequence[AnyShard], job: int, num_jobs: int) -> None:
    """Do the share of job `job` (from 1) of `num_jobs`; shards that are done are left alone.

    Raises:
        DiskSpaceError: what all jobs have yet to make does not fit on the disk, or, later, not even
            what they are making now.
        ArkError: the disk is full all the same.
    """
    share = shards[job - 1 :: num_jobs]
    if not share:
        return
    check_space(shards, estimate_bytes(shards), "the archives yet to be made take")
    bar = ProgressBar(sum(len(shard.utt_ids) for shard in share), share[0].stage, share[0].unit)
    for shard in share:
        if shard.read_record() is None:
            _write(shard, num_jobs, bar)
        else:
            bar.update(len(shard.utt_ids))
    bar.close()


def _write(shard: AnyShard, num_jobs: int, bar: ProgressBar) -> None:
    started = time.monotonic()
    check_space([shard], num_jobs * estimate_bytes([shard]), "what the jobs are making takes")
    shard.write(bar.update)
    write_timing(shard, time.monotonic() - started, num_jobs)
