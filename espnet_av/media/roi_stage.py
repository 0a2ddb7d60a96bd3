"""The roi stage: shards by parallel jobs, then scp files, a tracking report and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.dropped import check_dropped, write_dropped
from espnet_av.data.table import write_table
from espnet_av.errors import DataDirError
from espnet_av.media.roi_config import RoiConfig
from espnet_av.media.roi_report import write_contact_sheet, write_tracking
from espnet_av.media.roi_shard import RoiRecord, RoiShard, Tracked
from espnet_av.media.tracking import resolve_tracker
from espnet_av.progress import ProgressBar


def plan_roi(data_dir: Path, out_dir: Path, config: RoiConfig) -> list[RoiShard]:
    """Cut the utterances that have video into shards, whatever the number of jobs.

    Args:
        data_dir: has `video.scp`; with `segments` its entries are recordings.
        out_dir: output of the stage.
        config: an `auto` tracker is replaced by the one that is installed.

    Raises:
        DataDirError: the data dir is broken, or no utterance has video.
        ConfigError: the tracker is not installed.
    """
    data = read_data_dir(data_dir)
    config = dataclasses.replace(config, tracker=resolve_tracker(config.tracker))
    utt_ids = [u for u in data.utt_ids if data.get("video.scp", data.recording(u)[0]) is not None]
    if not utt_ids:
        msg = f"{data_dir}/video.scp: no utterance has video; skip the roi stage for sound alone"
        raise DataDirError(msg)
    size = config.shard_utts
    return [
        RoiShard(start // size + 1, utt_ids[start : start + size], data, config, out_dir)
        for start in range(0, len(utt_ids), size)
    ]


def write_roi(shards: Sequence[RoiShard], job: int, num_jobs: int) -> None:
    """Do the share of job `job` (from 1) of `num_jobs`; shards that are done are left alone."""
    share = shards[job - 1 :: num_jobs]
    bar = ProgressBar(sum(len(shard.utt_ids) for shard in share), "roi", "clip")
    for shard in share:
        if shard.read_record() is None:
            shard.write(bar.update)
        else:
            bar.update(len(shard.utt_ids))
    bar.close()


def finish_roi(shards: Sequence[RoiShard]) -> dict[str, Tracked]:
    """Merge finished shards: `video.scp`, `utt2num_frames`, `tracking.tsv`, `contact_sheet.png`.

    Returns:
        The stored clips by utterance.

    Raises:
        DataDirError: a shard is not done.
        DroppedTooManyError: too many utterances have no usable mouth; the report is written all
            the same.
    """
    records = [_finished(shard, len(shards)) for shard in shards]
    out_dir, config = shards[0].out_dir, shards[0].config
    clips = {utt_id: clip for record in records for utt_id, clip in record.clips.items()}
    drops = [drop for record in records for drop in record.dropped]
    write_dropped(out_dir / "dropped.tsv", drops)
    write_tracking(out_dir / "tracking.tsv", clips)
    write_contact_sheet(out_dir, clips)
    total = sum(len(shard.utt_ids) for shard in shards)
    check_dropped(out_dir / "dropped.tsv", drops, total, config.max_dropped_ratio)
    frames = {utt_id: str(clip.num_frames) for utt_id, clip in clips.items()}
    write_table(out_dir / "utt2num_frames", frames)
    write_table(out_dir / "video.scp", {utt_id: clip.pointer for utt_id, clip in clips.items()})
    _delete_stale(out_dir, len(shards))
    return clips


def _finished(shard: RoiShard, num_shards: int) -> RoiRecord:
    record = shard.read_record()
    if record is None:
        msg = (
            f"{shard.record_path}: shard {shard.number} of {num_shards} is missing or out of date; "
            "run all jobs of the roi stage before --finish, and look at their logs"
        )
        raise DataDirError(msg)
    return record


def _delete_stale(out_dir: Path, num_shards: int) -> None:
    """Delete archives and records of an earlier run that had more shards."""
    for path in [*out_dir.glob("video.??????.ark"), *(out_dir / "shards").glob("??????.json")]:
        number = path.name.split(".")[-2]
        if number.isdecimal() and int(number) > num_shards:
            path.unlink()
