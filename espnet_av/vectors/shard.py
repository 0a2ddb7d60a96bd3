"""One shard of vectors: a fixed run of sentences, whose vectors go into one archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from espnet_av.data.ark import ArkWriter
from espnet_av.data.dropped import Drop
from espnet_av.data.shard import Shard, ShardRecord
from espnet_av.data.shard_fingerprint import work_fingerprint
from espnet_av.errors import ArrayError
from espnet_av.vectors.config import VectorsConfig
from espnet_av.vectors.encoder import TextEncoder


@dataclass
class VectorRecord(ShardRecord):
    """What a finished shard of vectors holds, by name of the vector."""

    vectors: dict[str, str] = field(default_factory=dict)
    """`teacher.<shard>.ark:<offset>`."""
    num_cut: int = 0
    """Sentences that were longer than the encoder may read."""
    width: int = 0
    """Numbers of a vector."""


@dataclass(frozen=True)
class VectorShard(Shard[VectorRecord]):
    """A run of sentences; `utt_ids` are the names of their vectors."""

    stage: ClassVar[str] = "vectors"
    unit: ClassVar[str] = "sentence"
    sentences: Mapping[str, str]
    """Name of the vector -> sentence, of all shards."""
    encoder: TextEncoder
    config: VectorsConfig

    def new_record(self, **content: Any) -> VectorRecord:
        """See `Shard`."""
        return VectorRecord(**content)

    def pointers(self, record: VectorRecord) -> Iterable[str]:
        """See `Shard`."""
        # The archive is there even if every sentence was dropped.
        return [f"{self.ark_path('teacher').name}:0"]

    def fingerprint(self) -> str:
        """Digest of the teacher and of the names, which tell the sentences."""
        return work_fingerprint(self.config, [(self.encoder.teacher.sha256, *self.utt_ids)])

    def pack(self, record: VectorRecord, advance: Callable[[], None]) -> None:
        """Fill the archive; a vector that float16 does not hold is dropped."""
        found: dict[str, Any] = {}
        texts = [self.sentences[name] for name in self.utt_ids]
        for place, vector, is_cut in self.encoder.encode(texts):
            found[self.utt_ids[place]] = vector
            record.num_cut += is_cut
            record.width = len(vector)
            advance()
        with ArkWriter(self.ark_path("teacher")) as ark:
            for name in self.utt_ids:
                try:
                    record.vectors[name] = ark.write_array(name, found[name])
                except ArrayError as error:
                    record.dropped.append(Drop(name, error.reason, str(error)))
