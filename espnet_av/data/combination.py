"""Data dirs from data dirs: several joined to one, or one with other names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from espnet_av.data.data_dir import COMPLETE, FILE_TABLES, RECORDED, DataDir
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError

logger = logging.getLogger(__name__)

Tables = dict[str, dict[str, str]]


def combine(sources: Sequence[DataDir]) -> tuple[Tables, dict[str, list[Segment]]]:
    """Join data dirs: the tables and the ctm for `write_data_dir`.

    A table that must be complete (`text`, `utt2lang`, `utt2category`) is left out, with a warning,
    when a source lacks it. If only some sources have `segments`, the others get whole-file ones.

    Raises:
        DataDirError: two sources have the same utterance or recording.
    """
    segmented = any("segments" in source.tables for source in sources)
    combined: Tables = {}
    for source in sources:
        tables = located_tables(source)
        if segmented and "segments" not in tables:
            tables["segments"] = {utt_id: f"{utt_id} 0 -1" for utt_id in source.utt_ids}
        for name, rows in tables.items():
            _check_disjoint(source, name, rows, combined.setdefault(name, {}))
            combined[name] |= rows
    for name in COMPLETE:
        lacking = [str(source.path) for source in sources if name not in source.tables]
        if lacking and name in combined:
            del combined[name]
            logger.warning("%s left out: not in %s", name, ", ".join(lacking))
    return combined, {key: value for source in sources for key, value in source.ctm.items()}


def rename(
    data: DataDir, utterance: Callable[[str], str], speaker: Callable[[str], str]
) -> tuple[Tables, dict[str, list[Segment]]]:
    """Give utterances and speakers other ids: the tables and the ctm for `write_data_dir`.

    Recordings that `segments` refer to keep their ids.
    """
    segmented = "segments" in data.tables
    renamed = {
        name: rows
        if segmented and name in RECORDED
        else {utterance(key): value for key, value in rows.items()}
        for name, rows in located_tables(data).items()
    }
    renamed["utt2spk"] = {key: speaker(value) for key, value in renamed["utt2spk"].items()}
    return renamed, {utterance(key): value for key, value in data.ctm.items()}


def located_tables(data: DataDir) -> Tables:
    """The tables of a data dir for another folder: entries relative to the old one are extended."""
    return {
        name: {key: str(data.locate(name, key)) for key in rows} if name in FILE_TABLES else rows
        for name, rows in data.tables.items()
    }


def _check_disjoint(
    source: DataDir, name: str, rows: dict[str, str], previous: dict[str, str]
) -> None:
    both = sorted(rows.keys() & previous.keys())
    if both:
        msg = (
            f"{source.path}/{name}: {both[0]}: also in a source before it ({len(both)} such ids); "
            "give one source a prefix with utils/copy_data_dir.sh --utt-prefix"
        )
        raise DataDirError(msg)
