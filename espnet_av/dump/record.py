"""What a finished shard of a dump holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from espnet_av.data.dropped import Drop
from espnet_av.data.shard import UNREADABLE, ShardRecord
from espnet_av.data.sound_gap_report import GapRow
from espnet_av.data.table import sort_key
from espnet_av.dump.arrays import Packed
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE


@dataclass
class DumpRecord(ShardRecord):
    """What a finished shard of a dump holds, by utterance."""

    audio: dict[str, str] = field(default_factory=dict)
    """`audio.<shard>.ark:<offset>`, relative to the dump."""
    video: dict[str, str] = field(default_factory=dict)
    """`video.<shard>.ark:<offset>`."""
    num_samples: dict[str, int] = field(default_factory=dict)
    num_frames: dict[str, int] = field(default_factory=dict)
    sound_gaps: list[GapRow] = field(default_factory=list)
    """Where the time stamps of a recording asked for silence, less sound or another speed."""
    packed: dict[str, dict[str, str]] = field(default_factory=dict)
    """Table -> id -> `<table>.<shard>.ark:<offset>`, of every other kind of data."""
    lost: dict[str, list[Drop]] = field(default_factory=dict)
    """Table -> what of it could not be stored."""
    widths: dict[str, dict[str, str]] = field(default_factory=dict)
    """Table -> numbers a row -> the first that has so many."""

    def add_twin(self, utt_id: str, twin: str) -> None:
        """Note that an utterance has what its twin has, or lacks."""
        columns: tuple[dict[str, Any], ...] = (
            self.audio, self.video, self.num_samples, self.num_frames
        )  # fmt: skip
        for rows in columns:
            rows |= {utt_id: rows[twin]} if twin in rows else {}
        self.dropped += [d._replace(utt_id=utt_id) for d in self.dropped if d.utt_id == twin]
        self.sound_gaps += [g._replace(utt_id=utt_id) for g in self.sound_gaps if g.utt_id == twin]

    def content(self) -> dict[str, Any]:
        """See `ShardRecord`; without what records of before do not know and most do not need."""
        content = super().content()
        return {k: v for k, v in content.items() if k not in ("packed", "lost", "widths") or v}

    def seconds(self) -> dict[str, float]:
        """How long each utterance is that is kept, in their order."""
        found = {u: samples / SAMPLE_RATE for u, samples in self.num_samples.items()}
        found |= {u: frames / FRAME_HZ for u, frames in self.num_frames.items()}
        return {u: found[u] for u in sorted(found, key=sort_key)}

    def drop_empty(self) -> None:
        """Drop what has neither sound nor mouth clip, and whose film could not be stored."""
        told = {drop.utt_id: drop.value for drops in self.lost.values() for drop in drops}
        alone = self.num_frames.keys() - self.audio.keys() - self.video.keys()
        for utt_id in sorted(alone, key=sort_key):
            if not any(utt_id in rows for rows in self.packed.values()):
                self.dropped.append(Drop(utt_id, f"{UNREADABLE} film", told.get(utt_id, "")))
                del self.num_frames[utt_id]

    def arrays(self) -> dict[str, Packed]:
        """What the shard stores of each other kind of data."""
        return {
            table: Packed(rows, self.lost.get(table, []), self.widths.get(table, {}))
            for table, rows in self.packed.items()
        }
