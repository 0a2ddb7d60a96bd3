"""One shard of the roi stage: a fixed run of utterances whose mouth clips go into one archive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from espnet_av.atomic import atomic_write
from espnet_av.config import to_dict
from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dropped import Drop
from espnet_av.errors import ArkError, ConfigError, MediaError
from espnet_av.media.roi_config import RoiConfig
from espnet_av.media.roi_extract import NoMouthError, RoiClip, extract_roi


class Tracked(NamedTuple):
    """A stored clip."""

    pointer: str
    """`video.<shard>.ark:<offset>`, relative to the stage's folder."""
    num_frames: int
    num_detected: int


@dataclass
class RoiRecord:
    """What a finished shard holds; its presence on disk says that the archive is complete."""

    fingerprint: str
    """Digest of everything that decides the shard's content."""
    clips: dict[str, Tracked] = field(default_factory=dict)
    dropped: list[Drop] = field(default_factory=list)


@dataclass(frozen=True)
class RoiShard:
    """A run of utterances of the sorted data dir, and where their clips go."""

    number: int
    utt_ids: list[str]
    data: DataDir
    config: RoiConfig
    out_dir: Path

    @property
    def record_path(self) -> Path:
        """File that says the shard is done, and what is in it."""
        return self.out_dir / "shards" / f"{self.number:06d}.json"

    @property
    def ark_path(self) -> Path:
        """Archive of the shard's clips."""
        return self.out_dir / f"video.{self.number:06d}.ark"

    def read_record(self) -> RoiRecord | None:
        """The record of the finished shard; None if it must be made (again)."""
        try:
            content = json.loads(self.record_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if content["fingerprint"] != self.fingerprint() or not self.ark_path.is_file():
            return None
        return RoiRecord(
            content["fingerprint"],
            {utt_id: Tracked(*row) for utt_id, row in content["clips"].items()},
            [Drop(*row) for row in content["dropped"]],
        )

    def fingerprint(self) -> str:
        """Digest of the configuration, the utterances and the files behind them with their size."""
        relevant = {k: v for k, v in to_dict(self.config).items() if k != "max_dropped_ratio"}
        digest = hashlib.sha256(repr(sorted(relevant.items())).encode())
        for utt_id in self.utt_ids:
            recording = self.data.recording(utt_id)
            video = self.data.locate("video.scp", recording[0])
            landmarks = self.data.locate("landmarks.scp", recording[0])
            row = (utt_id, recording, video, _size(video), landmarks, _size(landmarks))
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def write(self, done: Callable[[], None]) -> None:
        """Make the clips, then the archive, then the record, each atomically.

        Args:
            done: called after each utterance, for a progress bar.

        Raises:
            ArkError: the disk is full; nothing of this shard is left to be trusted.
            ConfigError: the tracker cannot be used here.
        """
        record = RoiRecord(self.fingerprint())
        try:
            with ArkWriter(self.ark_path) as ark:
                for utt_id in self.utt_ids:
                    self._add(utt_id, record, ark)
                    done()
            with atomic_write(self.record_path) as stream:
                json.dump(asdict(record), stream, ensure_ascii=False, indent=0)
        except OSError as error:
            msg = (
                f"{self.out_dir}: shard {self.number} cannot be written ({error.strerror}); "
                "free some space and run again: finished shards are kept"
            )
            raise ArkError(msg) from error

    def _add(self, utt_id: str, record: RoiRecord, ark: ArkWriter) -> None:
        try:
            clip = self._extract(utt_id)
        except NoMouthError as error:
            record.dropped.append(Drop(utt_id, error.reason, str(error)))
        except MediaError as error:
            record.dropped.append(Drop(utt_id, "unreadable", str(error)))
        else:
            pointer = ark.write_clip(utt_id, clip.frames, self.config.encoding)
            record.clips[utt_id] = Tracked(pointer, len(clip.frames), clip.num_detected)

    def _extract(self, utt_id: str) -> RoiClip:
        name, start, end = self.data.recording(utt_id)
        video = self.data.locate("video.scp", name)
        assert video is not None, f"{utt_id} was planned without a video"
        landmarks = self.data.locate("landmarks.scp", name)
        if self.config.tracker == "precomputed" and landmarks is None:
            if "landmarks.scp" not in self.data.tables:
                msg = f"{self.data.path}/landmarks.scp: missing; tracker: precomputed needs it"
                raise ConfigError(msg)
            msg = f"{self.data.path}/landmarks.scp: {name}: no landmarks; add a line"
            raise NoMouthError(msg, reason="no_landmarks")
        return extract_roi(video, self.config, start, end, landmarks)


def _size(path: str | None) -> int | None:
    """Bytes of a file; None if it is not there. A clip name after a colon is left off."""
    for name in (path, path and path.rpartition(":")[0]):
        if name and Path(name).is_file():
            return Path(name).stat().st_size
    return None
