"""Unit labels on disk: a table of pointers and an integer archive for each shard of a set.

```
<units_dir>/units.yaml        num_units, rate_hz, checksum, source, and a checksum for each set
<units_dir>/<set>/units.scp   <utterance> units.<shard>.ark:<offset>   (Kaldi int32 vectors)
<units_dir>/<set>/utt2crc     <utterance> <CRC-32 of its labels as little-endian int32, in hex>
```

`checksum` is that of the centres: units of equal checksum mean the same. Every label read back is
checked, through the chain from `units.yaml` to the tables to the archives.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from espnet_av.atomic import atomic_write
from espnet_av.data.ark import read_ints
from espnet_av.data.table import read_table, sort_key, write_table
from espnet_av.errors import ArkError, DataDirError
from espnet_av.fingerprint import fingerprint
from espnet_av.text_file import quoted
from espnet_av.yaml_file import read_yaml

logger = logging.getLogger(__name__)

SUMMARY = "units.yaml"
_TABLES = ("units.scp", "utt2crc")
_AGAIN = "delete .done beside units.yaml and run the units stage (5) again"


@dataclass(frozen=True)
class UnitSet:
    """The unit labels of one set; archives are read when labels are asked for."""

    path: Path
    num_units: int
    """K; labels are 0 to K - 1."""
    rate_hz: int
    """Labels a second."""
    checksum: str
    """SHA-256 of the centres that the units stand for."""
    source: dict[str, Any]
    """What the units were made from."""
    pointers: dict[str, str]
    """Utterance -> `file.ark:offset`, relative to `path`."""
    crcs: dict[str, str]
    """Utterance -> CRC-32 of its labels."""

    @property
    def utt_ids(self) -> list[str]:
        """Every labelled utterance, sorted in the C locale."""
        return sorted(self.pointers, key=sort_key)

    def __contains__(self, utt_id: str) -> bool:
        return utt_id in self.pointers

    def labels(self, utt_id: str) -> np.ndarray:
        """(T,) int32 labels of an utterance at `rate_hz`.

        Raises:
            DataDirError: the utterance has no labels, or labels no unit has.
            ArkError: its labels are damaged.
        """
        pointer = self.pointers.get(utt_id)
        if pointer is None:
            msg = (
                f"{self.path}/units.scp: {utt_id}: no unit labels; its dump changed after they "
                f"were made, {_AGAIN}"
            )
            raise DataDirError(msg)
        labels = read_ints(str(self.path / pointer), utt_id).astype(np.int32)
        if label_crc(labels) != self.crcs[utt_id]:
            msg = (
                f"{self.path / pointer}: {utt_id}: its unit labels are damaged (checksum); delete "
                f"this archive, {_AGAIN}"
            )
            raise ArkError(msg)
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.num_units:
            wrong = labels.min() if labels.min() < 0 else labels.max()
            msg = (
                f"{self.path}/units.scp: {utt_id}: unit {wrong}, but there are {self.num_units} "
                f"(0 to {self.num_units - 1}); {_AGAIN}"
            )
            raise DataDirError(msg)
        return labels


def read_units(set_dir: str | Path) -> UnitSet:
    """Open the unit labels of one set, `<units_dir>/<set>`.

    Raises:
        DataDirError: the stage was not finished, or `units.yaml` is wrong.
        ArkError: the tables are not those that `units.yaml` was written with.
    """
    set_dir = Path(set_dir)
    summary = read_summary(set_dir.parent)
    expected = summary["sets"].get(set_dir.name)
    if expected is None:
        msg = (
            f"{set_dir.parent / SUMMARY}: no set '{set_dir.name}'; it has "
            f"{', '.join(summary['sets']) or 'none'}; run the units stage with this set in --sets"
        )
        raise DataDirError(msg)
    pointers, crcs = (read_table(set_dir / name) for name in _TABLES)
    if _tables_checksum(set_dir) != expected or pointers.keys() != crcs.keys():
        msg = (
            f"{set_dir}: units.scp or utt2crc is not what {SUMMARY} was written with (checksum); "
            f"a job has run since, or a file was changed: {_AGAIN}"
        )
        raise ArkError(msg)
    return UnitSet(
        set_dir,
        summary["num_units"],
        summary["rate_hz"],
        summary["checksum"],
        summary["source"],
        pointers,
        crcs,
    )


def read_summary(units_dir: Path) -> dict[str, Any]:
    """Content of `units.yaml`.

    Raises:
        DataDirError: it is missing, or a key is missing or of the wrong kind.
    """
    path = units_dir / SUMMARY
    if not path.exists():
        msg = f"{path}: no such file; run the units stage (5) to its end, or check --units_dir"
        raise DataDirError(msg)
    summary = read_yaml(path, DataDirError, _AGAIN)
    kinds = {"num_units": int, "rate_hz": int, "checksum": str, "source": dict, "sets": dict}
    for key, kind in kinds.items():
        value = summary.get(key) if isinstance(summary, dict) else None
        if not isinstance(value, kind) or (isinstance(value, int) and value < 1):
            msg = (
                f"{path}: {key} is {quoted(repr(value))}, not a positive number, text or mapping; "
            )
            msg += _AGAIN
            raise DataDirError(msg)
    return dict(summary)


def write_units(
    units_dir: Path,
    sets: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]],
    *,
    num_units: int,
    rate_hz: int,
    checksum: str,
    source: Mapping[str, Any],
) -> None:
    """Write the tables of some sets, then `units.yaml`; its other sets of the same units are kept.

    A damaged `units.yaml` is written anew without them, which is logged.

    Args:
        units_dir: holds the archives already, in a folder for each set.
        sets: set -> (utterance -> pointer, utterance -> CRC).
        num_units: K.
        rate_hz: labels a second.
        checksum: SHA-256 of the centres.
        source: what the units were made from.
    """
    for name, tables in sets.items():
        for file, rows in zip(_TABLES, tables, strict=True):
            write_table(units_dir / name / file, rows)
    checksums = _other_sets(units_dir, checksum)
    checksums |= {name: _tables_checksum(units_dir / name) for name in sets}
    summary = {
        "num_units": num_units,
        "rate_hz": rate_hz,
        "checksum": checksum,
        "source": dict(source),
        "sets": dict(sorted(checksums.items())),
    }
    with atomic_write(units_dir / SUMMARY) as stream:
        yaml.safe_dump(summary, stream, sort_keys=False, allow_unicode=True)


def _other_sets(units_dir: Path, checksum: str) -> dict[str, str]:
    """Checksums of the sets that were labelled before with the units `checksum`."""
    if not (units_dir / SUMMARY).is_file():
        return {}
    try:
        before = read_summary(units_dir)
    except DataDirError as error:
        logger.warning("written anew, with the sets of this run alone: %s", error)
        return {}
    return dict(before["sets"]) if before["checksum"] == checksum else {}


def label_crc(labels: np.ndarray) -> str:
    """CRC-32 of labels (T,), as `utt2crc` holds it."""
    return f"{zlib.crc32(np.ascontiguousarray(labels, dtype='<i4').tobytes()):08x}"


def _tables_checksum(set_dir: Path) -> str:
    return fingerprint((set_dir / name).read_bytes() for name in _TABLES)
