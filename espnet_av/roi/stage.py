"""The roi stage: shards by parallel jobs, then scp files, a tracking report and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.dropped import check_dropped, write_dropped
from espnet_av.data.shard import cut, delete_stale, files_to_fetch, finished_records
from espnet_av.data.source_files import write_to_fetch
from espnet_av.data.table import write_table
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.report import write_contact_sheet, write_tracking
from espnet_av.roi.shard import RoiShard, Tracked
from espnet_av.roi.tracking import resolve_tracker


def plan_roi(data_dir: Path, out_dir: Path, config: RoiConfig) -> list[RoiShard]:
    """Cut the utterances that have video into shards, whatever the number of jobs.

    Args:
        data_dir: has `video.scp`; with `segments` its entries are recordings.
        out_dir: output of the stage.
        config: an `auto` tracker is replaced by the one that is installed.

    Returns:
        An empty list for a set without video, such as one of read speech.

    Raises:
        DataDirError: the data dir is broken.
        ConfigError: the tracker is not installed.
    """
    data = read_data_dir(data_dir)
    config = dataclasses.replace(config, tracker=resolve_tracker(config.tracker))
    if config.fallback != "none":
        config = dataclasses.replace(config, fallback=resolve_tracker(config.fallback))
    utt_ids = [u for u in data.utt_ids if data.get("video.scp", data.recording(u)[0]) is not None]
    return cut(
        utt_ids,
        config.shard_utts,
        lambda number, part: RoiShard(number, part, data, out_dir, config),
    )


def finish_roi(shards: Sequence[RoiShard]) -> dict[str, Tracked]:
    """Merge finished shards: `video.scp`, `utt2num_frames`, `tracking.tsv`, `contact_sheet.png`.

    Returns:
        The stored clips by utterance.

    Raises:
        DataDirError: a shard is not done.
        DroppedTooManyError: too many utterances have no usable mouth; the report is written all
            the same.
    """
    records = finished_records(shards)
    out_dir, config = shards[0].out_dir, shards[0].config
    clips = {utt_id: clip for record in records for utt_id, clip in record.clips.items()}
    drops = [drop for record in records for drop in record.dropped]
    write_dropped(out_dir / "dropped.tsv", drops)
    write_to_fetch(out_dir, files_to_fetch(shards, records))
    notes = {utt_id: note for record in records for utt_id, note in record.notes.items()}
    write_tracking(out_dir / "tracking.tsv", clips, notes)
    write_contact_sheet(out_dir, clips)
    total = sum(len(shard.utt_ids) for shard in shards)
    check_dropped(out_dir / "dropped.tsv", drops, total, config.max_dropped_ratio)
    frames = {utt_id: str(clip.num_frames) for utt_id, clip in clips.items()}
    write_table(out_dir / "utt2num_frames", frames)
    write_table(out_dir / "video.scp", {utt_id: clip.pointer for utt_id, clip in clips.items()})
    delete_stale(out_dir, len(shards))
    return clips
