"""The record of every utterance that a filter leaves out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from espnet_av.atomic import atomic_write
from espnet_av.errors import DroppedTooManyError

logger = logging.getLogger(__name__)


class Drop(NamedTuple):
    """One utterance left out."""

    utt_id: str
    reason: str
    """A few words, the same for every utterance dropped by the same filter."""
    value: str
    """What was measured, or the error message."""


def write_dropped(path: Path, drops: Sequence[Drop], kind: str = "utt_id") -> None:
    """Write `dropped.tsv`: a header line, then id, reason and value separated by tabs.

    Args:
        path: the file.
        drops: its lines.
        kind: heading of the ids.
    """
    with atomic_write(path) as stream:
        stream.write(f"{kind}\treason\tvalue\n")
        for drop in drops:
            value = " ".join(drop.value.split())
            stream.write(f"{drop.utt_id}\t{drop.reason}\t{value}\n")


def check_dropped(
    path: Path, drops: Sequence[Drop], total: int, max_ratio: float, kind: str = "utterances"
) -> None:
    """Log kept and dropped counts; `path` is the `dropped.tsv` that lists them, `kind` of what.

    Raises:
        DroppedTooManyError: more than `max_ratio` of `total` utterances are dropped.
    """
    reasons = ", ".join(f"{n} {reason}" for reason, n in Counter(d.reason for d in drops).items())
    logger.info("%s: kept %d of %d %s; dropped: %s", path, total - len(drops), total, kind,
                reasons or "none")  # fmt: skip
    if len(drops) > max_ratio * total:
        first = drops[0]
        msg = (
            f"{len(drops)} of {total} {kind} dropped ({reasons}), more than max_dropped_ratio "
            f"{max_ratio} allows; first: {first.utt_id}: {first.reason} {first.value}. "
            f"Look at {path}, then correct the data or raise max_dropped_ratio"
        )
        raise DroppedTooManyError(msg)
