"""The record of every place where a recording's sound did not fit its time stamps."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from espnet_av.atomic import atomic_write

logger = logging.getLogger(__name__)


class GapRow(NamedTuple):
    """A hole, an overlap or a slow clock in an utterance."""

    utt_id: str
    kind: str
    """`hole`: silence was put in; `overlap`: sound that was there twice was left out;
    `slow clock`: the sound was stretched."""
    second: float
    """Of the utterance; negative: it began before."""
    seconds: float
    """How long; for a clock, by how much the sound became longer."""


def write_sound_gaps(path: Path, rows: Sequence[GapRow]) -> None:
    """Write `sound_gaps.tsv`: a header line, then the rows; and log how much there is."""
    with atomic_write(path) as stream:
        stream.write("utt_id\tkind\tsecond\tseconds\n")
        for row in rows:
            stream.write(f"{row.utt_id}\t{row.kind}\t{row.second:.3f}\t{row.seconds:.3f}\n")
    if rows:
        worst = max(rows, key=lambda row: abs(row.seconds))
        logger.warning(
            "%s: the sound of %d utterances has holes, overlaps or a slow clock, and was put in "
            "step with its picture; most: %s, %s of %.3f s at %.3f s",
            path,
            len({row.utt_id for row in rows}),
            worst.utt_id,
            worst.kind,
            worst.seconds,
            worst.second,
        )
