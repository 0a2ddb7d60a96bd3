"""What utterances may share, as images: each stored once, and reported by its own name."""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir, rebase
from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.data.fields import find_table, known_tables
from espnet_av.data.shard_fingerprint import archive_fingerprint
from espnet_av.data.source_files import changed_ns
from espnet_av.data.table import is_ark_pointer, read_table
from espnet_av.data.tables import Table
from espnet_av.dump.clips import archive_of
from espnet_av.errors import ArkError, ArrayError, DataDirError

logger = logging.getLogger(__name__)

_IMAGES = "utt2image"
_OTHER_ROWS = "another number of regions than its features"


@dataclass
class Packed:
    """What a shard stores of one table."""

    pointers: dict[str, str] = field(default_factory=dict)
    """Name -> `<table>.<shard>.ark:<offset>`."""
    lost: list[Drop] = field(default_factory=list)
    """What could not be stored, by its own name; utterances stay without it."""
    widths: dict[str, str] = field(default_factory=dict)
    """Numbers a row -> the first that has so many."""


def with_images(data: DataDir, images_dir: Path | None) -> DataDir:
    """A data dir with what the images stage has made of the images that it names.

    Args:
        data: sets without `utt2image` stay as they are.
        images_dir: output of that stage; None: the data dir has its own `image.scp`, or none.

    Raises:
        DataDirError: it has its own all the same, or the stage has not finished.
    """
    if images_dir is None or _IMAGES not in data.tables:
        return data
    tables = dict(data.tables)
    for name in (table.name for table in known_tables() if table.keyed_by == _IMAGES):
        if name in tables:
            msg = f"{data.path}/{name}: the set has features of its own; give no --images_dir, or "
            raise DataDirError(msg + f"remove {name} from it")
        rows = read_table(images_dir / name)
        named = set(tables[_IMAGES].values())
        tables[name] = {k: rebase(v, images_dir) for k, v in rows.items() if k in named}
    return dataclasses.replace(data, tables=tables)


class FirstNeeded:
    """What of the shared tables the shards need first, asked for shard by shard.

    So each image is stored once, in the shard of the first utterance that has it.
    """

    def __init__(self, data: DataDir) -> None:
        tables = [(name, find_table(name)) for name in data.tables]
        self._data = data
        self._seen = {name: set[str]() for name, table in tables if table and table.packer}

    def __call__(self, utt_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Table -> id that no shard before has asked for -> its first utterance."""
        needed: dict[str, dict[str, str]] = {}
        for name, seen in self._seen.items():
            rows, new = self._data.tables[name], dict[str, str]()
            for utt_id in utt_ids:
                key = self._data.key(name, utt_id)
                if key is not None and key in rows and key not in seen:
                    new[key] = utt_id
                    seen.add(key)
            needed[name] = new
        return needed


def archive_marks(sources: Iterable[str | None]) -> list[str | None]:
    """What the archives were made from: features of another network have the size of these."""
    arks = {archive_of(source) for source in sources if source and is_ark_pointer(source)}
    return [_mark(ark, changed_ns(ark)) for ark in sorted(arks)]


@lru_cache(maxsize=1 << 14)
def _mark(ark: str, changed: int) -> str | None:
    """Every shard has images of almost every archive, so each is asked once."""
    return archive_fingerprint(ark)


def pack_arrays(
    data: DataDir, packs: Mapping[str, Iterable[str]], arks: Mapping[str, Path]
) -> dict[str, Packed]:
    """Fill the archive of each table; one that stays empty is not kept.

    Args:
        data: where the arrays are.
        packs: table -> names of what it has to store.
        arks: table -> its archive.
    """
    packed: dict[str, Packed] = {}
    shapes: dict[str, dict[str, tuple[int, ...]]] = {}
    for table, names in packs.items():
        packed[table], shapes[table] = _pack(data, table, names, arks[table])
        for name, shape in shapes[table].items():
            packed[table].widths.setdefault(str(shape[-1]), name)
    for table in packs:
        other = _known(table).rows_as
        if other in packed:
            _compare_rows(table, packed[table], shapes[table], shapes[str(other)])
    for table, found in packed.items():
        for name, reason, value in found.lost:
            logger.warning("%s: %s: left out of the dump: %s: %s", table, name, reason, value)
        if not found.pointers:
            arks[table].unlink()
    return packed


def _pack(
    data: DataDir, table: str, names: Iterable[str], path: Path
) -> tuple[Packed, dict[str, tuple[int, ...]]]:
    packer, packed = _known(table).packer, Packed()
    assert packer is not None
    with ArkWriter(path) as ark:
        for name in names:
            source = data.locate(table, name)
            assert source is not None
            try:
                packed.pointers[name] = packer(ark, name, source)
            except ArrayError as error:
                packed.lost.append(Drop(name, error.reason, str(error)))
            except ArkError as error:
                packed.lost.append(Drop(name, "unreadable", str(error)))
    return packed, ark.shapes


def _compare_rows(
    table: str,
    packed: Packed,
    shapes: Mapping[str, tuple[int, ...]],
    others: Mapping[str, tuple[int, ...]],
) -> None:
    for name in list(packed.pointers):
        if name in others and others[name][0] != shapes[name][0]:
            del packed.pointers[name]
            value = f"{shapes[name][0]} of {others[name][0]}; make both of the same regions"
            packed.lost.append(Drop(name, _OTHER_ROWS, value))


def check_arrays(
    data: DataDir, out_dir: Path, packed: Sequence[Mapping[str, Packed]], max_ratio: float
) -> None:
    """Write `dropped_<table>.tsv` for each table, and judge what the shards stored.

    Args:
        data: the data dir that was packed.
        out_dir: the dump.
        packed: of each shard, by table.
        max_ratio: largest share of a table that may be lost.

    Raises:
        DataDirError: the arrays of a table have different widths.
        DroppedTooManyError: too many of a table could not be stored.
    """
    for table in dict.fromkeys(table for shard in packed for table in shard):
        found = [shard[table] for shard in packed if table in shard]
        lost = sorted(drop for part in found for drop in part.lost)
        total = len(lost) + sum(len(part.pointers) for part in found)
        path = out_dir / f"dropped_{Path(table).stem}.tsv"
        write_dropped(path, lost, kind=Path(table).stem)
        check_dropped(path, lost, total, max_ratio, kind=f"rows of {table}")
        widths: dict[str, str] = {}
        for part in found:
            widths = {**part.widths, **widths}
        if len(widths) > 1:
            told = ", ".join(f"{width} ({name})" for width, name in widths.items())
            msg = (
                f"{data.path}/{table}: rows of different lengths: {told}; features of several "
                "kinds got mixed: make all with the same tool and options, and dump again"
            )
            raise DataDirError(msg)


def count_arrays(dump: DataDir) -> dict[str, dict[str, int]]:
    """Of every shared table of a dump: how many it stores, how many utterances have one."""
    counts = {}
    for name, rows in dump.tables.items():
        table = find_table(name)
        if table is not None and (table.packer or table.stretch_packer):
            used = Counter(key for key in dump.keys(name, dump.utt_ids) if key in rows)
            counts[name] = {"stored": len(rows), "utterances": used.total()}
    return counts


def _known(name: str) -> Table:
    table = find_table(name)
    assert table is not None, f"{name} was checked"
    return table
