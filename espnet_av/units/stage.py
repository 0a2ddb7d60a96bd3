"""The units stage: shards of every set by parallel jobs, then tables, `units.yaml` and report."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from espnet_av.data.dropped import check_dropped, write_dropped
from espnet_av.data.shard import cut, delete_stale, finished_records
from espnet_av.data.unit_set import write_units
from espnet_av.errors import ConfigError
from espnet_av.features.set_features import SetFeatures
from espnet_av.units.codebook import Codebook
from espnet_av.units.config import UnitsConfig
from espnet_av.units.report import write_report
from espnet_av.units.shard import UnitShard

CODEBOOK = "codebook"
"""Folder of the centres in the units folder."""


def name_sets(dumps: Sequence[Path]) -> dict[str, Path]:
    """Dump of each set by its name, that of its folder.

    Raises:
        ConfigError: two have the same name, or the name is that of another folder here.
    """
    named = {path.name: path for path in dumps}
    if len(named) < len(dumps) or CODEBOOK in named:
        msg = (
            f"--sets {' '.join(map(str, dumps))}: labels go to a folder of the set's name; use "
            f"every name once, and not '{CODEBOOK}'"
        )
        raise ConfigError(msg)
    return named


def plan_units(
    sets: Mapping[str, SetFeatures], units_dir: Path, codebook: Codebook, config: UnitsConfig
) -> list[UnitShard]:
    """Cut every set into shards; the cut does not depend on the number of jobs."""
    return [
        shard
        for name, features in sets.items()
        for shard in _cut_set(features, units_dir / name, codebook, config)
    ]


def finish_units(shards: Sequence[UnitShard]) -> dict[str, Any]:
    """Merge finished shards: tables and `dropped.tsv` of each set, `units.yaml`, report.

    Returns:
        the content of `report.json`.

    Raises:
        DataDirError: a shard is not done.
        DroppedTooManyError: too much of a set could not be labelled; `dropped.tsv` is written.
    """
    codebook, config = shards[0].codebook, shards[0].config
    units_dir = shards[0].out_dir.parent
    tables, data = {}, {}
    for out_dir, group in itertools.groupby(shards, key=lambda shard: shard.out_dir):
        part = list(group)
        records = finished_records(part)
        drops = [drop for record in records for drop in record.dropped]
        write_dropped(out_dir / "dropped.tsv", drops)
        total = sum(len(shard.utt_ids) for shard in part)
        check_dropped(out_dir / "dropped.tsv", drops, total, config.max_dropped_ratio)
        pointers = {utt: place for record in records for utt, place in record.pointers.items()}
        crcs = {utt: crc for record in records for utt, crc in record.crcs.items()}
        tables[out_dir.name], data[out_dir.name] = (pointers, crcs), part[0].data
        delete_stale(out_dir, len(part))
    write_units(
        units_dir,
        tables,
        num_units=len(codebook.centres),
        rate_hz=codebook.record.rate_hz,
        checksum=codebook.record.checksum,
        source=codebook.record.source,
    )
    return write_report(units_dir, data, codebook.record)


def _cut_set(
    features: SetFeatures, out_dir: Path, codebook: Codebook, config: UnitsConfig
) -> list[UnitShard]:
    return cut(
        features.data.utt_ids,
        config.shard_utts,
        lambda number, utt_ids: UnitShard(
            number, utt_ids, features.data, out_dir, features, codebook, config
        ),
    )
