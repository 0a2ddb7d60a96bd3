"""Room on the disk for archives: estimated before the first shard, watched before each."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from espnet_av.data.shard import AnyShard
from espnet_av.errors import DiskSpaceError, MediaError

_NUM_PROBED = 16
_RESERVE_BYTES = 64 << 20
"""Left for logs, tables and checkpoints of others."""


def estimate_bytes(shards: Sequence[AnyShard]) -> float:
    """Bytes that the unfinished shards will take.

    Finished ones say what an utterance takes; while there are none, the lengths of a few
    utterances do.
    """
    todo = [shard for shard in shards if not shard.record_path.exists()]
    done = [shard for shard in shards if shard.record_path.exists()]
    num_utts = sum(len(shard.utt_ids) for shard in todo)
    if not num_utts:
        return 0.0
    if done:
        # The newest may have been made with other options; one in the middle is as good as any.
        sample = done[:: max(len(done) // _NUM_PROBED, 1)]
        per_utt = sum(s.num_bytes() for s in sample) / sum(len(s.utt_ids) for s in sample)
    else:
        per_utt = _probed_bytes(todo)
    return per_utt * num_utts


def check_space(shards: Sequence[AnyShard], num_bytes: float, what: str) -> None:
    """Check that the disk of the shards' folder can take `num_bytes` more.

    Raises:
        DiskSpaceError: it cannot; what is needed and what is free are named.
    """
    out_dir = shards[0].out_dir
    free = _free(out_dir)
    if num_bytes + _RESERVE_BYTES <= free:
        return
    msg = (
        f"{out_dir}: {what} about {_size(num_bytes)}, and its disk has {_size(free)} left; free "
        "some space or write elsewhere (--dumpdir), and run again: finished shards are kept"
    )
    raise DiskSpaceError(msg)


def _probed_bytes(shards: Sequence[AnyShard]) -> float:
    """Mean bytes of an utterance, from utterances all over the shards."""
    found = []
    for shard in shards[:: max(len(shards) // _NUM_PROBED, 1)]:
        try:
            found.append(shard.expected_bytes(shard.utt_ids[0]))
        except MediaError:  # it will be dropped, with a line in the report
            continue
    return sum(found) / len(found) if found else 0.0


def _free(folder: Path) -> int:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def _size(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:.1f} GB" if num_bytes >= 1e8 else f"{num_bytes / 1e6:.1f} MB"
