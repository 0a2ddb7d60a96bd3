"""One shard of the roi stage: a fixed run of utterances whose mouth clips go into one archive."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from espnet_av.data.ark import ArkWriter
from espnet_av.data.dropped import Drop
from espnet_av.data.face_place import parse_place
from espnet_av.data.shard import UNREADABLE, Shard, ShardRecord, file_size
from espnet_av.data.shard_fingerprint import work_fingerprint
from espnet_av.data.source_files import plain_file
from espnet_av.errors import ConfigError, MediaError
from espnet_av.media.track_length import track_seconds
from espnet_av.rates import FRAME_HZ
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import NoMouthError, RoiClip, extract_roi

_JPEG_PIXEL_BYTES = 0.2
"""Measured: mouths of mini_av and GRID."""


class Tracked(NamedTuple):
    """A stored clip."""

    pointer: str
    """`video.<shard>.ark:<offset>`, relative to the stage's folder."""
    num_frames: int
    num_detected: int


@dataclass
class RoiRecord(ShardRecord):
    """What a finished shard of the roi stage holds."""

    clips: dict[str, Tracked] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    """What else the report says of some of them."""


@dataclass(frozen=True)
class RoiShard(Shard[RoiRecord]):
    """A run of utterances whose mouth clips go into one archive."""

    stage: ClassVar[str] = "roi"
    config: RoiConfig

    def new_record(self, **content: Any) -> RoiRecord:
        """See `Shard`."""
        clips = content.pop("clips", {})
        return RoiRecord(**content, clips={u: Tracked(*row) for u, row in clips.items()})

    def pointers(self, record: RoiRecord) -> Iterable[str]:
        """See `Shard`."""
        # The archive is there even if every utterance was dropped.
        return [f"{self.ark_path('video').name}:0"]

    def source_files(self, utt_id: str) -> Iterable[str]:
        """See `Shard`."""
        name = self.data.recording(utt_id)[0]
        tables = ("video.scp", "landmarks.scp")
        found = (self.data.locate(table, name) for table in tables)
        return [plain_file(path) or path for path in found if path is not None]

    def expected_bytes(self, utt_id: str) -> float:
        """See `Shard`."""
        name, start, end = self.data.recording(utt_id)
        video = self.data.locate("video.scp", name)
        assert video is not None, f"{utt_id} was planned without a video"
        seconds = track_seconds(video, "video") if end is None else end - start
        pixel_bytes = _JPEG_PIXEL_BYTES if self.config.encoding == "jpeg" else 1.0
        return seconds * FRAME_HZ * self.config.size**2 * pixel_bytes

    def media_sec(self, record: RoiRecord) -> float:
        """See `Shard`."""
        return sum(clip.num_frames for clip in record.clips.values()) / FRAME_HZ

    def fingerprint(self) -> str:
        """Digest of the configuration, the utterances and the files behind them with their size."""
        return work_fingerprint(self.config, map(self._row, self.utt_ids))

    def pack(self, record: RoiRecord, advance: Callable[[], None]) -> None:
        """Track the faces and fill the archive; a clip without a usable mouth is dropped.

        Raises:
            ConfigError: the tracker cannot be used here.
        """
        with ArkWriter(self.ark_path("video")) as ark:
            for utt_id in self.utt_ids:
                self._add(utt_id, record, ark)
                advance()

    def _row(self, utt_id: str) -> tuple[object, ...]:
        recording = self.data.recording(utt_id)
        video = self.data.locate("video.scp", recording[0])
        landmarks = self.data.locate("landmarks.scp", recording[0])
        files = (video, file_size(video), landmarks, file_size(landmarks))
        return utt_id, recording, *files, self.data.get("utt2face", utt_id)

    def _add(self, utt_id: str, record: RoiRecord, ark: ArkWriter) -> None:
        try:
            clip = self._extract(utt_id)
        except NoMouthError as error:
            record.dropped.append(Drop(utt_id, error.reason, str(error)))
        except MediaError as error:
            record.dropped.append(Drop(utt_id, UNREADABLE, str(error)))
        else:
            pointer = ark.write_clip(utt_id, clip.frames, self.config.encoding)
            record.clips[utt_id] = Tracked(pointer, len(clip.frames), clip.num_detected)
            if clip.note:
                record.notes[utt_id] = clip.note

    def _extract(self, utt_id: str) -> RoiClip:
        name, start, end = self.data.recording(utt_id)
        video = self.data.locate("video.scp", name)
        assert video is not None, f"{utt_id} was planned without a video"
        landmarks = self.data.locate("landmarks.scp", name)
        place = self.data.get("utt2face", utt_id)
        face = None if place is None else parse_place(place)
        if self.config.tracker == "precomputed" and landmarks is None:
            if self.config.fallback != "none":
                config = dataclasses.replace(self.config, tracker=self.config.fallback)
                return extract_roi(video, config, start, end, face=face)
            if "landmarks.scp" not in self.data.tables:
                msg = f"{self.data.path}/landmarks.scp: missing; tracker: precomputed needs it"
                raise ConfigError(msg)
            msg = f"{self.data.path}/landmarks.scp: {name}: no landmarks; add a line"
            raise NoMouthError(msg, reason="no_landmarks")
        return extract_roi(video, self.config, start, end, landmarks, face)
