"""Making a dump: shards by parallel jobs, then one data dir that points into their archives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.config import to_dict
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.data.dump_config import DumpConfig
from espnet_av.data.dump_shard import Clips, Shard, ShardRecord, read_clips
from espnet_av.data.rates import FRAME_HZ, SAMPLE_RATE
from espnet_av.errors import DataDirError
from espnet_av.progress import ProgressBar


def plan_shards(data_dir: Path, roi_dir: Path, out_dir: Path, config: DumpConfig) -> list[Shard]:
    """Cut a data dir into shards; the cut does not depend on the number of jobs.

    Args:
        data_dir: the corpus; `wav.scp` names files, or recordings cut by `segments`.
        roi_dir: output of the roi stage; not read for a corpus without `video.scp`.
        out_dir: the dump.
        config: filters and shard size.

    Raises:
        DataDirError: a folder is broken.
    """
    data = read_data_dir(data_dir)
    clips = read_clips(roi_dir) if "video.scp" in data.tables else Clips({}, {})
    size = config.shard_utts
    return [
        Shard(start // size + 1, data.utt_ids[start : start + size], data, clips, config, out_dir)
        for start in range(0, len(data.utt_ids), size)
    ]


def write_shards(shards: Sequence[Shard], job: int, num_jobs: int) -> None:
    """Do the share of job `job` (from 1) of `num_jobs`; shards that are done are left alone."""
    share = shards[job - 1 :: num_jobs]
    bar = ProgressBar(sum(len(shard.utt_ids) for shard in share), "dump", "utt")
    for shard in share:
        if shard.read_record() is None:
            shard.write()
        bar.update(len(shard.utt_ids))
    bar.close()


def finish_dump(shards: Sequence[Shard]) -> DataDir:
    """Merge finished shards into a data dir with `dropped.tsv` and `dump.yaml`.

    Raises:
        DataDirError: a shard is not done.
        DroppedTooManyError: the filters dropped too much; `dropped.tsv` is written nevertheless.
    """
    records = [_finished(shard, len(shards)) for shard in shards]
    first = shards[0]
    data, config, out_dir = first.data, first.config, first.out_dir
    drops = sorted(drop for record in records for drop in record.dropped)
    write_dropped(out_dir / "dropped.tsv", drops)
    check_dropped(out_dir / "dropped.tsv", drops, len(data.utt_ids), config.max_dropped_ratio)
    dump = _write_tables(data, records, drops, out_dir)
    with atomic_write(out_dir / "dump.yaml") as stream:
        yaml.safe_dump(_summary(dump, drops, config), stream, sort_keys=False)
    _delete_stale(out_dir, len(shards))
    return dump


def _finished(shard: Shard, num_shards: int) -> ShardRecord:
    record = shard.read_record()
    if record is None:
        msg = (
            f"{shard.record_path}: shard {shard.number} of {num_shards} is missing or out of date; "
            "run all jobs of the dump before --finish, and look at their logs"
        )
        raise DataDirError(msg)
    return record


def _write_tables(
    data: DataDir, records: Sequence[ShardRecord], drops: Sequence[Drop], out_dir: Path
) -> DataDir:
    left_out = {drop.utt_id for drop in drops}
    kept = data.subset([utt_id for utt_id in data.utt_ids if utt_id not in left_out])
    packed = ("wav.scp", "video.scp", "segments", "landmarks.scp", "image.scp")
    tables = {name: rows for name, rows in kept.tables.items() if name not in packed}
    columns = ("audio", "video", "num_samples", "num_frames")
    files = ("wav.scp", "video.scp", "utt2num_samples", "utt2num_frames")
    for file, column in zip(files, columns, strict=True):
        tables[file] = {
            utt_id: str(value)
            for record in records
            for utt_id, value in getattr(record, column).items()
        }
    return write_data_dir(out_dir, tables, kept.ctm)


def _summary(dump: DataDir, drops: Sequence[Drop], config: DumpConfig) -> dict[str, object]:
    """Figures of the dump; no date, so that equal dumps are equal files."""
    frames = dump.tables.get("utt2num_frames", {})
    samples = dump.tables.get("utt2num_samples", {})
    return {
        "utterances": len(dump.utt_ids),
        "dropped": len(drops),
        "with_audio": len(samples),
        "with_video": len(frames),
        "audio_hours": round(sum(map(int, samples.values())) / SAMPLE_RATE / 3600, 4),
        "video_hours": round(sum(map(int, frames.values())) / FRAME_HZ / 3600, 4),
        "config": to_dict(config),
    }


def _delete_stale(out_dir: Path, num_shards: int) -> None:
    """Delete what an earlier dump with more shards, or a killed job, has left."""
    for path in [*out_dir.glob("*.??????.ark"), *(out_dir / "shards").glob("??????.json")]:
        number = path.stem.rpartition(".")[2]
        if number.isdecimal() and int(number) > num_shards:
            path.unlink()
    for path in out_dir.glob(".*.ark.*.tmp"):
        path.unlink()
