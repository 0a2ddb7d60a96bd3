"""Work on a data dir cut into shards: parallel jobs make them, each atomically, one call merges."""

from __future__ import annotations

import errno
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from espnet_av.atomic import atomic_write
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dropped import Drop
from espnet_av.data.shard_fingerprint import checked_text
from espnet_av.data.source_files import are_same, changed_ns, digest_sources, plain_file
from espnet_av.errors import ArkError, DataDirError
from espnet_av.fingerprint import fingerprint
from espnet_av.temporary import sweep

logger = logging.getLogger(__name__)

UNREADABLE = "unreadable"
"""How the reasons begin that another copy of a file may cure."""
_CHANGED = "changed while it was read"


@dataclass
class ShardRecord:
    """What a finished shard holds; its presence on disk says that the archives are complete."""

    fingerprint: str
    """Digest of everything that decides the shard's content."""
    dropped: list[Drop] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """Digests of the files that it was made of; records of earlier versions lack them."""

    def content(self) -> dict[str, Any]:
        """What is written."""
        return asdict(self)


RecordT = TypeVar("RecordT", bound=ShardRecord)


@dataclass(frozen=True)
class Shard(ABC, Generic[RecordT]):
    """A run of utterances of the sorted data dir, and where it goes.

    The cut does not depend on the number of jobs, so that the output does not either.
    """

    stage: ClassVar[str]
    """Word for the progress bar and for messages."""
    unit: ClassVar[str] = "utt"
    """What a shard is a run of."""
    number: int
    """From 1."""
    utt_ids: list[str]
    data: DataDir
    out_dir: Path

    @abstractmethod
    def fingerprint(self) -> str:
        """Digest of the configuration, the utterances and the files behind them."""

    @abstractmethod
    def pack(self, record: RecordT, advance: Callable[[], None]) -> None:
        """Write the archives, each atomically, and note in the record what they hold.

        Args:
            record: to be filled.
            advance: to be called after each utterance, for a progress bar.
        """

    @abstractmethod
    def new_record(self, **content: Any) -> RecordT:
        """A record with this content."""

    @abstractmethod
    def pointers(self, record: RecordT) -> Iterable[str]:
        """Every `file.ark:offset` that a record holds, relative to `out_dir`."""

    def source_files(self, utt_id: str) -> Iterable[str]:
        """The media files behind an utterance, without offsets, whether they are there or not."""
        return ()

    def expected_bytes(self, utt_id: str) -> float:
        """What the utterance will take in the archives, from its length; 0 if next to nothing.

        Raises:
            MediaError: its file cannot be opened.
        """
        return 0.0

    def media_sec(self, record: RecordT) -> float:
        """Seconds of speech that the archives hold; 0 if they hold none."""
        return 0.0

    def num_bytes(self) -> int:
        """Size of the archives that are there."""
        files = self.out_dir.glob(f"*.{self.number:06d}.ark")
        return sum(path.stat().st_size for path in files)

    @property
    def record_path(self) -> Path:
        """File that says the shard is done, and what is in it."""
        return self.out_dir / "shards" / f"{self.number:06d}.json"

    def ark_path(self, kind: str) -> Path:
        """Archive of the shard's `audio` or `video`."""
        return self.out_dir / f"{kind}.{self.number:06d}.ark"

    def read_record(self) -> RecordT | None:
        """The record of the finished shard; None if it must be made (again).

        So it must if the record is damaged, or an archive is gone or shorter than it was.
        """
        try:
            content = json.loads(self.record_path.read_text(encoding="utf-8"))
            checksum, sizes = content.pop("checksum", None), content.pop("sizes", None)
            content["dropped"] = [Drop(*map(checked_text, row)) for row in content["dropped"]]
            record = self.new_record(**content)
            there = self._sizes(record)
        except FileNotFoundError:
            return None
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            logger.warning("%s: damaged (%r); making the shard again", self.record_path, error)
            return None
        # Versions before noted neither sizes nor a checksum.
        intact = checksum in (None, _checksum(record)) and sizes in (None, there)
        if not intact or record.fingerprint != self.fingerprint():
            return None
        return record if self._has_same_sources(record) else None

    def _sizes(self, record: RecordT) -> dict[str, int]:
        """Bytes of the archives that a record points into; FileNotFoundError if one is gone."""
        names = sorted({pointer.rpartition(":")[0] for pointer in self.pointers(record)})
        return {name: (self.out_dir / name).stat().st_size for name in names}

    def write(self, advance: Callable[[], None]) -> None:
        """Make the archives first, then the record; the one before goes before anything is made.

        It would speak for new archives if this is stopped and the configuration is taken back.

        Raises:
            ArkError: the disk is full; nothing of this shard is left to be trusted.
        """
        record = self.new_record(fingerprint=self.fingerprint())
        files = self._sources(self.utt_ids)
        before = {path: changed_ns(path) for path in files}
        try:
            self.record_path.unlink(missing_ok=True)
            self.pack(record, advance)
            if all(changed_ns(path) == time for path, time in before.items()):
                record.sources = digest_sources(files, self._doubtful(record))
            else:
                # Of one that changed while it was read nobody knows what was read.
                record.sources = [_CHANGED]
            notes = {"sizes": self._sizes(record), "checksum": _checksum(record)}
            with atomic_write(self.record_path) as stream:
                json.dump(record.content() | notes, stream, ensure_ascii=False, indent=0)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            msg = (
                f"{self.out_dir}: shard {self.number} cannot be written ({error.strerror}); "
                "free some space and run again: finished shards are kept"
            )
            raise ArkError(msg) from error

    def _has_same_sources(self, record: RecordT) -> bool:
        """A file that was fetched again may have the size of the damaged one."""
        doubtful, made_ns = self._doubtful(record), self.record_path.stat().st_mtime_ns
        if not record.sources:
            return all(changed_ns(path) <= made_ns for path in doubtful)
        return are_same(record.sources, self._sources(self.utt_ids), doubtful, made_ns)

    def _doubtful(self, record: RecordT) -> set[str]:
        """Files of the utterances that were dropped, which may have been damaged."""
        return self._sources(drop.utt_id for drop in record.dropped)

    def _sources(self, utt_ids: Iterable[str]) -> set[str]:
        return {path for utt_id in utt_ids for path in self.source_files(utt_id)}


AnyShard = Shard[Any]
ShardT = TypeVar("ShardT", bound=AnyShard)


def cut(
    utt_ids: Sequence[str], size: int, make: Callable[[int, list[str]], ShardT]
) -> list[ShardT]:
    """Shards of `size` utterances; `make` gets a number from 1 and the utterances of one."""
    starts = range(0, len(utt_ids), size)
    return [make(start // size + 1, list(utt_ids[start : start + size])) for start in starts]


def finished_records(shards: Sequence[Shard[RecordT]]) -> list[RecordT]:
    """The records of all shards.

    Raises:
        DataDirError: a shard is not done.
    """
    records = []
    for shard in shards:
        record = shard.read_record()
        if record is None:
            msg = (
                f"{shard.record_path}: shard {shard.number} of {len(shards)} is missing or out of "
                f"date; run all jobs of the {shard.stage} stage before --finish, and look at their "
                "logs"
            )
            raise DataDirError(msg)
        records.append(record)
    return records


def files_to_fetch(shards: Sequence[AnyShard], records: Iterable[ShardRecord]) -> set[str]:
    """Files of the utterances that were dropped because these cannot be read."""
    return {
        path
        for shard, record in zip(shards, records, strict=True)
        for drop in record.dropped
        if drop.reason.startswith(UNREADABLE)
        for path in shard.source_files(drop.utt_id)
    }


def delete_stale(out_dir: Path, num_shards: int) -> None:
    """Delete what an earlier run with more shards, or a killed job, has left."""
    old = [*(out_dir / "shards").glob("??????.json"), *out_dir.glob("*.??????.ark")]
    for path in [*old, *(out_dir / "logdir/timing").glob("??????.json")]:
        number = path.stem.rpartition(".")[2]
        if number.isdecimal() and int(number) > num_shards:
            path.unlink()
    for folder in (out_dir, out_dir / "shards"):
        sweep(folder)


def _checksum(record: ShardRecord) -> str:
    return fingerprint([json.dumps(record.content())])


def file_size(path: str | None) -> int | None:
    """Bytes of a file; None if it is not there. What follows a colon (an offset) is left off."""
    name = plain_file(path)
    return None if name is None else Path(name).stat().st_size
