"""One shard of a dump: a fixed run of utterances, filtered and packed into archives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from espnet_av.data.ark import ArkWriter, read_audio_ark
from espnet_av.data.ark_entry import array_bytes
from espnet_av.data.dropped import Drop
from espnet_av.data.shard import UNREADABLE, Shard, file_size
from espnet_av.data.shard_fingerprint import archive_fingerprint, work_fingerprint
from espnet_av.data.sound_gap_report import GapRow
from espnet_av.data.source_files import plain_file
from espnet_av.data.table import is_ark_pointer
from espnet_av.dump.arrays import archive_marks, pack_arrays
from espnet_av.dump.clips import Clips, archive_of
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.record import DumpRecord
from espnet_av.dump.stretches import frames_alone, pack_stretches, source_of, stretch_tables
from espnet_av.dump.twins import Twins
from espnet_av.errors import ArkError, DataDirError, MediaError
from espnet_av.media.segment_reader import SegmentReader
from espnet_av.media.track_length import track_seconds
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE

logger = logging.getLogger(__name__)

_FLAC_BYTES_PER_SEC = 17_500
"""Measured: speech of mini_av at 16 kHz."""

_FILM_BYTES_PER_SEC_AND_PIXEL = 400_000 / 224**2
"""Of 25 frames, by the square of their shorter side."""


@dataclass(frozen=True)
class DumpShard(Shard[DumpRecord]):
    """A run of utterances whose sound and mouth clips go into one archive each."""

    stage: ClassVar[str] = "dump"
    clips: Clips
    config: DumpConfig
    packs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Table -> id of what it has -> utterance of this shard that is the first to need it."""

    def new_record(self, **content: Any) -> DumpRecord:
        """See `Shard`."""
        gaps = [GapRow(*row) for row in content.pop("sound_gaps", [])]
        lost = content.pop("lost", {})
        rows = {table: [Drop(*map(str, drop)) for drop in drops] for table, drops in lost.items()}
        return DumpRecord(**content, sound_gaps=gaps, lost=rows)

    def pointers(self, record: DumpRecord) -> Iterable[str]:
        """See `Shard`."""
        others = (pointer for rows in record.packed.values() for pointer in rows.values())
        return [*record.audio.values(), *record.video.values(), *others]

    def source_files(self, utt_id: str) -> Iterable[str]:
        """See `Shard`. Mouth clips, and archives of our stages, are known by what made them."""
        audio = self.data.locate("wav.scp", self.data.recording(utt_id)[0])
        found = [] if audio is None else [audio]
        found += [path for _, path in self._others(utt_id) if not any(archive_marks([path]))]
        found += [path for _, path in self._stretches(utt_id)]
        return [plain_file(path) or path for path in found]

    def _others(self, utt_id: str) -> Iterator[tuple[str, str]]:
        """Table and path of what an utterance is the first to need."""
        for table, needed in self.packs.items():
            for name in (name for name, first in needed.items() if first == utt_id):
                if path := self.data.locate(table, name):
                    yield table, path

    @cached_property
    def _stretch_tables(self) -> list[str]:
        return stretch_tables(self.data)

    def _stretches(self, utt_id: str) -> Iterator[tuple[str, str]]:
        """Table and path of each recording that an utterance has a stretch of."""
        for table in self._stretch_tables:
            if path := source_of(self.data, table, utt_id):
                yield table, path

    def expected_bytes(self, utt_id: str) -> float:
        """See `Shard`."""
        name, start, end = self.data.recording(utt_id)
        audio, clip = self.data.locate("wav.scp", name), self.clips.pointers.get(utt_id)
        num_bytes = 0.0
        if audio is not None:
            is_cut = is_ark_pointer(audio) or end is not None
            seconds = (end or 0.0) - start if is_cut else track_seconds(audio, "audio")
            num_bytes += max(seconds, 0.0) * _FLAC_BYTES_PER_SEC
        if clip is not None:
            num_bytes += (file_size(clip) or 0) / self.clips.num_sharers[archive_of(clip)]
        num_bytes += sum(array_bytes(path) for _, path in self._others(utt_id))
        per_sec = _FILM_BYTES_PER_SEC_AND_PIXEL * self.config.film_side**2
        for _, path in self._stretches(utt_id):
            seconds = (end or 0.0) - start
            if end is None and not is_ark_pointer(path):
                seconds = track_seconds(path, "video")
            num_bytes += max(seconds, 0.0) * per_sec
        return num_bytes

    def media_sec(self, record: DumpRecord) -> float:
        """See `Shard`."""
        frames, samples = record.num_frames, record.num_samples
        return sum(
            max(frames.get(utt_id, 0) / FRAME_HZ, samples.get(utt_id, 0) / SAMPLE_RATE)
            for utt_id in frames.keys() | samples.keys()
        )

    def fingerprint(self) -> str:
        """Digest of configuration, utterances, how their clips were made, and sizes of files."""
        clips = [self.clips.pointers[name] for name in self.utt_ids if name in self.clips.pointers]
        # Uncompressed clips of another mouth region have the size of those before.
        made_from = tuple(map(archive_fingerprint, dict.fromkeys(map(archive_of, clips))))
        rows = [*map(self._row, self.utt_ids), made_from]
        for table, names in self.packs.items():
            files = {name: self.data.locate(table, name) for name in names}
            rows += [(table, name, path, file_size(path)) for name, path in files.items()]
            rows += [(table, mark) for mark in archive_marks(files.values())]
        for utt_id in self.utt_ids:
            rows += [(utt_id, table, p, file_size(p)) for table, p in self._stretches(utt_id)]
        # Dumps without films are those of before there were any.
        unused = () if self._stretch_tables else ("film_side",)
        return work_fingerprint(self.config, rows, unused)

    def pack(self, record: DumpRecord, advance: Callable[[], None]) -> None:
        """Filter the utterances and fill the archives; one that stays empty is not kept."""
        with ExitStack() as stack:
            audio = stack.enter_context(ArkWriter(self.ark_path("audio")))
            video = stack.enter_context(ArkWriter(self.ark_path("video")))
            reader, twins = SegmentReader(SAMPLE_RATE), Twins(self.data)
            for utt_id in self.utt_ids:
                twin, name = twins.before(utt_id), twins.entry_id(utt_id) or utt_id
                if twin is None:
                    self._pack(utt_id, name, record, reader, audio, video)
                else:
                    record.add_twin(utt_id, twin)
                advance()
        arks = {table: self.ark_path(Path(table).stem) for table in self.packs}
        for table, found in pack_arrays(self.data, self.packs, arks).items():
            record.packed[table], record.lost[table] = found.pointers, found.lost
            record.widths[table] = found.widths
        for table in self._stretch_tables:
            path, lengths = self.ark_path(Path(table).stem), record.seconds()
            made = pack_stretches(self.data, table, lengths, path, self.config)
            record.packed[table], record.lost[table] = made.pointers, made.lost
        record.drop_empty()
        for kind in ("audio", "video"):
            if self.ark_path(kind).stat().st_size == 0:
                self.ark_path(kind).unlink()

    def _row(self, utt_id: str) -> tuple[object, ...]:
        recording = self.data.recording(utt_id)
        audio = self.data.locate("wav.scp", recording[0])
        clip = self.clips.pointers.get(utt_id)
        target = self.data.get("utt2target", utt_id)
        return (utt_id, recording, self.data.get("wav.scp", recording[0]), file_size(audio),
                clip and clip.rpartition(":")[2], file_size(clip),
                *(() if target is None else (target,)))  # fmt: skip

    def _pack(
        self,
        utt_id: str,
        name: str,
        record: DumpRecord,
        reader: SegmentReader,
        audio: ArkWriter,
        video: ArkWriter,
    ) -> None:
        clip, num_frames = self.clips.pointers.get(utt_id), self.clips.num_frames.get(utt_id, 0)
        try:
            wave = self._read_audio(utt_id, record, reader)
        except MediaError as error:
            record.dropped.append(Drop(utt_id, f"{UNREADABLE} audio", str(error)))
            return
        if wave is None and clip is None and self.config.require == "any":
            try:
                num_frames = frames_alone(self.data, utt_id)
            except (ArkError, MediaError) as error:
                record.dropped.append(Drop(utt_id, f"{UNREADABLE} film", str(error)))
                return
        drop = self._filter(utt_id, wave, num_frames)
        if drop is not None:
            record.dropped.append(drop)
            return
        if wave is not None:
            record.audio[utt_id] = audio.write_audio(name, wave, SAMPLE_RATE)
            record.num_samples[utt_id] = len(wave)
        if clip is not None:
            record.video[utt_id] = video.copy(name, clip, owner=utt_id)
        if num_frames:
            record.num_frames[utt_id] = num_frames

    def _read_audio(
        self, utt_id: str, record: DumpRecord, reader: SegmentReader
    ) -> np.ndarray | None:
        name, start, end = self.data.recording(utt_id)
        path = self.data.locate("wav.scp", name)
        if path is None:
            return None
        if not is_ark_pointer(path):
            sound = reader.read(path, start, end)
            record.sound_gaps += [
                GapRow(utt_id, gap.kind, gap.begin_sec - start, gap.seconds) for gap in sound.gaps
            ]
            return sound.wave
        wave, fs = read_audio_ark(path, name)
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
        if drop := self._beyond_end(utt_id, wave is not None, max(audio_sec, video_sec)):
            return drop
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

    def _beyond_end(self, utt_id: str, has_audio: bool, seconds: float) -> Drop | None:
        """A drop where the recording ends before the segment does and words must be missing."""
        _, start, end = self.data.recording(utt_id)
        if end is None or not (has_audio or seconds):
            return None
        beyond = end - start - seconds
        if beyond <= self.config.max_beyond_end:
            return None
        value = f"{seconds:.3f} s of its {end - start:.3f} s are there"
        texts = (table for table in self.data.tables if table.split(".")[0] == "text")
        if any(self.data.get(table, utt_id) for table in texts):
            return Drop(utt_id, "segment beyond its recording", value)
        if seconds:
            logger.warning("%s: kept, as it has no transcript: %s", utt_id, value)
        return None
