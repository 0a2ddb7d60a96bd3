"""One shard of a dump: a fixed run of utterances, filtered and packed into archives."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from espnet_av.atomic import atomic_write
from espnet_av.config import to_dict
from espnet_av.data.ark import ArkWriter, is_ark_pointer, read_audio_ark
from espnet_av.data.data_dir import DataDir, rebase
from espnet_av.data.dropped import Drop
from espnet_av.data.dump_config import DumpConfig
from espnet_av.data.rates import FRAME_HZ, SAMPLE_RATE
from espnet_av.data.table import read_table
from espnet_av.errors import ArkError, DataDirError, MediaError
from espnet_av.media.audio import read_audio


@dataclass(frozen=True)
class Clips:
    """Mouth clips of the utterances, made by the roi stage."""

    pointers: dict[str, str]
    """Utterance -> `file.ark:offset`."""
    num_frames: dict[str, int]
    """Utterance -> frames at 25 Hz."""


@dataclass
class ShardRecord:
    """What a finished shard holds; its presence on disk says that the archives are complete."""

    fingerprint: str
    """Digest of everything that decides the shard's content."""
    audio: dict[str, str] = field(default_factory=dict)
    video: dict[str, str] = field(default_factory=dict)
    num_samples: dict[str, int] = field(default_factory=dict)
    num_frames: dict[str, int] = field(default_factory=dict)
    dropped: list[Drop] = field(default_factory=list)


@dataclass(frozen=True)
class Shard:
    """A run of utterances of the sorted data dir, and where it goes."""

    number: int
    utt_ids: list[str]
    data: DataDir
    clips: Clips
    config: DumpConfig
    out_dir: Path

    @property
    def record_path(self) -> Path:
        """File that says the shard is done, and what is in it."""
        return self.out_dir / "shards" / f"{self.number:06d}.json"

    def ark_path(self, kind: str) -> Path:
        """Archive of the shard's `audio` or `video`."""
        return self.out_dir / f"{kind}.{self.number:06d}.ark"

    def read_record(self) -> ShardRecord | None:
        """The record of the finished shard; None if it must be made (again)."""
        try:
            content = json.loads(self.record_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        record = ShardRecord(**content)
        record.dropped = [Drop(*row) for row in record.dropped]
        files = {pointer.rpartition(":")[0] for pointer in (record.audio | record.video).values()}
        complete = all((self.out_dir / name).is_file() for name in files)
        return record if complete and record.fingerprint == self.fingerprint() else None

    def fingerprint(self) -> str:
        """Digest of the configuration, the utterances and the size of every file behind them."""
        # Not the tolerated share of drops: it decides whether the dump is accepted, not what it is.
        settings = {k: v for k, v in to_dict(self.config).items() if k != "max_dropped_ratio"}
        digest = hashlib.sha256(repr(sorted(settings.items())).encode())
        for utt_id in self.utt_ids:
            recording = self.data.recording(utt_id)
            audio = self.data.locate("wav.scp", recording[0])
            clip = self.clips.pointers.get(utt_id)
            row = (utt_id, recording, self.data.get("wav.scp", recording[0]), _size(audio),
                   clip and clip.rpartition(":")[2], _size(clip))  # fmt: skip
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def write(self) -> ShardRecord:
        """Pack the shard: archives first, then the record, each atomically.

        Raises:
            ArkError: the disk is full or an archive of clips is broken.
        """
        record = ShardRecord(self.fingerprint())
        try:
            with ExitStack() as stack:
                audio = stack.enter_context(ArkWriter(self.ark_path("audio")))
                video = stack.enter_context(ArkWriter(self.ark_path("video")))
                for utt_id in self.utt_ids:
                    self._pack(utt_id, record, audio, video)
            for kind in ("audio", "video"):
                if self.ark_path(kind).stat().st_size == 0:
                    self.ark_path(kind).unlink()
            with atomic_write(self.record_path) as stream:
                json.dump(asdict(record), stream, ensure_ascii=False, indent=0)
        except OSError as error:
            msg = (
                f"{self.out_dir}: shard {self.number} cannot be written ({error.strerror}); "
                "free some space and run again: finished shards are kept"
            )
            raise ArkError(msg) from error
        return record

    def _pack(self, utt_id: str, record: ShardRecord, audio: ArkWriter, video: ArkWriter) -> None:
        clip, num_frames = self.clips.pointers.get(utt_id), self.clips.num_frames.get(utt_id, 0)
        try:
            wave = self._read_audio(utt_id)
        except MediaError as error:
            record.dropped.append(Drop(utt_id, "unreadable audio", str(error)))
            return
        drop = self._filter(utt_id, wave, num_frames)
        if drop is not None:
            record.dropped.append(drop)
            return
        if wave is not None:
            record.audio[utt_id] = audio.write_audio(utt_id, wave, SAMPLE_RATE)
            record.num_samples[utt_id] = len(wave)
        if clip is not None:
            record.video[utt_id] = video.copy(utt_id, clip)
            record.num_frames[utt_id] = num_frames

    def _read_audio(self, utt_id: str) -> np.ndarray | None:
        name, start, end = self.data.recording(utt_id)
        path = self.data.locate("wav.scp", name)
        if path is None:
            return None
        if not is_ark_pointer(path):
            return read_audio(path, SAMPLE_RATE, start, end)
        wave, fs = read_audio_ark(path)
        if fs != SAMPLE_RATE:
            msg = (
                f"{path}: archive audio at {fs} Hz; give the original files in wav.scp, which are "
                "resampled"
            )
            raise DataDirError(msg)
        return wave[round(start * fs) : None if end is None else round(end * fs)]

    def _filter(self, utt_id: str, wave: np.ndarray | None, num_frames: int) -> Drop | None:
        config = self.config
        audio_sec = 0.0 if wave is None else len(wave) / SAMPLE_RATE
        video_sec = num_frames / FRAME_HZ
        if not audio_sec and not video_sec:
            return Drop(utt_id, "neither audio nor mouth clip", "")
        if not audio_sec and config.require in ("audio", "both"):
            return Drop(utt_id, "no audio", f"require: {config.require}")
        if not video_sec and config.require in ("video", "both"):
            return Drop(utt_id, "no mouth clip", f"require: {config.require}")
        seconds = video_sec or audio_sec
        if seconds < config.min_duration:
            return Drop(utt_id, "too short", f"{seconds:.3f} s")
        if seconds > config.max_duration:
            return Drop(utt_id, "too long", f"{seconds:.3f} s")
        if audio_sec and video_sec and abs(audio_sec - video_sec) > config.max_mismatch:
            value = f"audio {audio_sec:.3f} s, video {video_sec:.3f} s"
            return Drop(utt_id, "audio and video differ in length", value)
        return None


def read_clips(roi_dir: Path) -> Clips:
    """Read `video.scp` and `utt2num_frames` of the roi stage.

    Raises:
        DataDirError: a file is missing, or an utterance is in one of them only.
    """
    pointers, counts = read_table(roi_dir / "video.scp"), read_table(roi_dir / "utt2num_frames")
    for utt_id in sorted(pointers.keys() ^ counts.keys()):
        msg = f"{roi_dir}: {utt_id}: in only one of video.scp and utt2num_frames; run stage 2 again"
        raise DataDirError(msg)
    return Clips(
        {utt_id: rebase(value, roi_dir) for utt_id, value in pointers.items()},
        {utt_id: int(value) for utt_id, value in counts.items()},
    )


def _size(path: str | None) -> int | None:
    """Bytes of the file behind a path or pointer; None if it is not there."""
    if path is None:
        return None
    file = Path(path.rpartition(":")[0] if is_ark_pointer(path) else path)
    return file.stat().st_size if file.is_file() else None
