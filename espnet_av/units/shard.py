"""One shard of unit labels: a fixed run of utterances whose labels go into one archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from espnet_av.data.ark import ArkWriter
from espnet_av.data.dropped import Drop
from espnet_av.data.fields import tables_of
from espnet_av.data.shard import Shard, ShardRecord
from espnet_av.data.shard_fingerprint import work_fingerprint
from espnet_av.data.unit_set import label_crc
from espnet_av.features.set_features import SetFeatures
from espnet_av.ops.assignment import nearest_centres
from espnet_av.units.codebook import Codebook
from espnet_av.units.config import UnitsConfig


@dataclass
class UnitRecord(ShardRecord):
    """What a finished shard of labels holds, by utterance."""

    pointers: dict[str, str] = field(default_factory=dict)
    """`units.<shard>.ark:<offset>`, relative to the set's folder."""
    crcs: dict[str, str] = field(default_factory=dict)
    """CRC-32 of the labels."""


@dataclass(frozen=True)
class UnitShard(Shard[UnitRecord]):
    """A run of utterances whose labels go into one archive."""

    stage: ClassVar[str] = "units"
    features: SetFeatures
    codebook: Codebook
    config: UnitsConfig

    def new_record(self, **content: Any) -> UnitRecord:
        """See `Shard`."""
        return UnitRecord(**content)

    def pointers(self, record: UnitRecord) -> Iterable[str]:
        """See `Shard`."""
        # The archive is there even if every utterance was dropped.
        return [f"{self.ark_path('units').name}:0"]

    def fingerprint(self) -> str:
        """Digest of the configuration, the centres and the utterances of the dump."""
        tables = tables_of("speech", "video")
        rows = [(u, *(self.data.get(table.name, u) for table in tables)) for u in self.utt_ids]
        made_from = self.features.made_from(self.utt_ids)
        return work_fingerprint(self.config, [(self.codebook.record.checksum,), *rows, made_from])

    def pack(self, record: UnitRecord, advance: Callable[[], None]) -> None:
        """Label the utterances and fill the archive; one without any frame is dropped."""
        centres = self.codebook.centres.to(self.features.source.device)
        labels: dict[str, np.ndarray] = {}
        for utt_id, frames in self.features.stream(self.utt_ids):
            if len(frames):
                labels[utt_id] = nearest_centres(frames, centres).cpu().numpy()
            advance()
        for _ in self.features.lacking.intersection(self.utt_ids):
            advance()
        with ArkWriter(self.ark_path("units")) as ark:
            for utt_id in self.utt_ids:
                found = labels.get(utt_id)
                if found is None:
                    record.dropped.append(self._drop(utt_id))
                    continue
                record.pointers[utt_id] = ark.write_ints(utt_id, found)
                record.crcs[utt_id] = label_crc(found)

    def _drop(self, utt_id: str) -> Drop:
        if utt_id in self.features.lacking:
            stream = "audio" if self.features.source.modality == "A" else "mouth clip"
            return Drop(utt_id, f"no {stream}", f"modality: {self.config.modality}")
        return Drop(utt_id, "shorter than one frame of the features", "")
