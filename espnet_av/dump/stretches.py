"""What each utterance has of its own recording, beside sound and mouth clip, as films."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dropped import Drop
from espnet_av.data.fields import find_table
from espnet_av.data.film import read_film
from espnet_av.data.table import is_ark_pointer
from espnet_av.dump.arrays import Packed
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.twins import Twins
from espnet_av.errors import ArkError, MediaError
from espnet_av.media.track_length import track_seconds
from espnet_av.rates import FRAME_HZ

logger = logging.getLogger(__name__)


def stretch_tables(data: DataDir) -> list[str]:
    """Tables of a data dir of which each utterance has a stretch."""
    known = {name: find_table(name) for name in data.tables}
    return [name for name, table in known.items() if table and table.stretch_packer]


def source_of(data: DataDir, table: str, utt_id: str) -> str | None:
    """Path or pointer of the recording that an utterance has a stretch of; None: it has none."""
    return data.locate(table, data.recording(utt_id)[0])


def frames_alone(data: DataDir, utt_id: str) -> int:
    """Frames at 25 Hz of an utterance that has nothing but its film; 0: it has none either.

    Raises:
        ArkError: the archive with it cannot be read.
        MediaError: the file cannot.
    """
    for table in stretch_tables(data):
        source, (_, start, end) = source_of(data, table, utt_id), data.recording(utt_id)
        if source is not None:
            is_stored = is_ark_pointer(source)
            whole = read_film(source).seconds if is_stored else track_seconds(source, "video")
            last = whole if end is None else min(end, whole)
            return max(1, round((last - start) * FRAME_HZ))
    return 0


def pack_stretches(
    data: DataDir, table: str, lengths: Mapping[str, float], path: Path, config: DumpConfig
) -> Packed:
    """Fill the archive of a table; it is not kept if it stays empty.

    What cannot be stored is left out and told, and its utterance stays.

    Args:
        data: the data dir.
        table: name.
        lengths: utterances that are kept -> seconds.
        path: of the archive.
        config: sizes of pictures; how much shorter or longer than its utterance one may be
            before it is told.
    """
    known, packed, twins = find_table(table), Packed(), Twins(data)
    pack = known.stretch_packer if known else None
    assert pack is not None
    with ArkWriter(path) as ark:
        for utt_id in lengths:
            source, (_, start, end) = source_of(data, table, utt_id), data.recording(utt_id)
            if source is None:
                continue
            first, name = twins.before(utt_id), twins.entry_id(utt_id) or utt_id
            if first in packed.pointers:
                packed.pointers[utt_id] = packed.pointers[first]
                continue
            try:
                pointer = pack(ark, name, source, start, end, config.film_side)
                packed.pointers[utt_id] = pointer
            except (ArkError, MediaError) as error:
                packed.lost.append(Drop(utt_id, "unreadable", str(error)))
                logger.warning("%s: %s: left out of the dump: %s", table, utt_id, error)
    for utt_id, seconds in ark.seconds.items():
        if abs(seconds - lengths.get(utt_id, seconds)) > config.max_mismatch:
            told = (table, utt_id, seconds, lengths[utt_id])
            logger.warning("%s: %s: %.2f s of an utterance of %.2f s", *told)
    if not packed.pointers:
        path.unlink()
    return packed
