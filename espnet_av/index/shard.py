"""One shard of an index: a fixed run of utterances, whose vectors are one matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from espnet_av.data.ark import ArkWriter
from espnet_av.data.array_file import as_float16
from espnet_av.data.dropped import Drop
from espnet_av.data.fields import tables_of
from espnet_av.data.shard import Shard, ShardRecord
from espnet_av.data.shard_fingerprint import work_fingerprint
from espnet_av.errors import ArrayError
from espnet_av.index.config import IndexConfig
from espnet_av.index.source import SetVectors

MATRIX = "vectors"
"""Name of the entry of an archive."""


@dataclass
class IndexRecord(ShardRecord):
    """What a finished shard of an index holds."""

    kept: list[str] = field(default_factory=list)
    """The utterances, in the order of the rows of the matrix."""
    pointer: str | None = None
    """`vectors.<shard>.ark:<offset>`; None: no utterance has a vector."""
    width: int = 0
    """Numbers of a vector."""


@dataclass(frozen=True)
class IndexShard(Shard[IndexRecord]):
    """A run of utterances of one set."""

    stage: ClassVar[str] = "index"
    vectors: SetVectors
    config: IndexConfig

    def new_record(self, **content: Any) -> IndexRecord:
        """See `Shard`."""
        return IndexRecord(**content)

    def pointers(self, record: IndexRecord) -> Iterable[str]:
        """See `Shard`."""
        # The archive is there even if every utterance was dropped.
        return [f"{self.ark_path('vectors').name}:0"]

    def fingerprint(self) -> str:
        """Digest of the model, the configuration and the utterances of the dump."""
        tables = tables_of("speech", "video")
        rows = [(u, *(self.data.get(table.name, u) for table in tables)) for u in self.utt_ids]
        made_from = self.vectors.made_from(self.utt_ids)
        return work_fingerprint(self.config, [(self.vectors.source.sha256,), *rows, made_from])

    def pack(self, record: IndexRecord, advance: Callable[[], None]) -> None:
        """Fill the archive; an utterance with a vector that float16 does not hold is dropped."""
        found: dict[str, np.ndarray] = {}
        for utt_id in self.utt_ids:
            if (reason := self.vectors.dropped.get(utt_id)) is not None:
                record.dropped.append(Drop(utt_id, reason, f"modality: {self.config.modality}"))
                advance()
        for utt_id, vector in self.vectors.stream(self.utt_ids):
            try:
                found[utt_id] = as_float16(vector, f"{self.data.path}: {utt_id}")
            except ArrayError as error:
                record.dropped.append(Drop(utt_id, error.reason, str(error)))
            advance()
        with ArkWriter(self.ark_path("vectors")) as ark:
            record.kept = [utt_id for utt_id in self.utt_ids if utt_id in found]
            if record.kept:
                matrix = np.stack([found[utt_id] for utt_id in record.kept])
                record.pointer, record.width = ark.write_array(MATRIX, matrix), matrix.shape[1]


def sets_of(shards: Iterable[IndexShard]) -> Mapping[str, int]:
    """Name of each set -> its utterances."""
    sizes: dict[str, int] = {}
    for shard in shards:
        name = shard.data.path.name
        sizes[name] = sizes.get(name, 0) + len(shard.utt_ids)
    return sizes
