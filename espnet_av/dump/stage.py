"""Making a dump: shards by parallel jobs, then one data dir that points into their archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.config import to_dict
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.data.fields import find_table, unknown_tables
from espnet_av.data.shard import cut, delete_stale, files_to_fetch, finished_records
from espnet_av.data.sound_gap_report import write_sound_gaps
from espnet_av.data.source_files import write_to_fetch
from espnet_av.data.table import raise_problems
from espnet_av.data.tables import FRAMES, PICTURE, SAMPLES, SOUND
from espnet_av.dump.arrays import FirstNeeded, check_arrays, count_arrays, with_images
from espnet_av.dump.clips import Clips, read_clips
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.record import DumpRecord
from espnet_av.dump.shard import DumpShard
from espnet_av.dump.stretches import stretch_tables
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE


def plan_dump(
    data_dir: Path,
    roi_dir: Path,
    out_dir: Path,
    config: DumpConfig,
    images_dir: Path | None = None,
) -> list[DumpShard]:
    """Cut a data dir into shards; the cut does not depend on the number of jobs.

    Args:
        data_dir: the corpus; `wav.scp` names files, or recordings cut by `segments`.
        roi_dir: output of the roi stage; not read for a corpus without `video.scp`.
        out_dir: the dump.
        config: filters and shard size.
        images_dir: output of the images stage, for a set that only names its images.

    Raises:
        DataDirError: a folder is broken, or has a table that nobody knows how to pack.
    """
    if unknown := unknown_tables(data_dir):
        cure = "correct its name, or move it out of the folder; a dump would be without it"
        raise_problems([f"{problem}; {cure}" for problem in unknown])
    data = with_images(read_data_dir(data_dir), images_dir)
    clips = read_clips(roi_dir) if "video.scp" in data.tables else Clips({}, {})
    first_needed = FirstNeeded(data)
    return cut(
        data.utt_ids,
        config.shard_utts,
        lambda number, utt_ids: DumpShard(
            number, utt_ids, data, out_dir, clips, config, first_needed(utt_ids)
        ),
    )


def finish_dump(shards: Sequence[DumpShard]) -> DataDir:
    """Merge finished shards into a data dir with `dropped.tsv`, `sound_gaps.tsv`, `dump.yaml`.

    Raises:
        DataDirError: a shard is not done.
        DroppedTooManyError: the filters dropped too much; `dropped.tsv` is written nevertheless.
    """
    records = finished_records(shards)
    first = shards[0]
    data, config, out_dir = first.data, first.config, first.out_dir
    drops = sorted(drop for record in records for drop in record.dropped)
    write_dropped(out_dir / "dropped.tsv", drops)
    write_sound_gaps(
        out_dir / "sound_gaps.tsv", sorted(row for record in records for row in record.sound_gaps)
    )
    write_to_fetch(out_dir, files_to_fetch(shards, records))
    check_dropped(out_dir / "dropped.tsv", drops, len(data.utt_ids), config.max_dropped_ratio)
    check_arrays(data, out_dir, [r.arrays() for r in records], config.max_dropped_ratio)
    dump = _write_tables(data, records, drops, out_dir)
    with atomic_write(out_dir / "dump.yaml") as stream:
        yaml.safe_dump(_summary(dump, drops, config), stream, sort_keys=False)
    delete_stale(out_dir, len(shards))
    return dump


def _write_tables(
    data: DataDir, records: Sequence[DumpRecord], drops: Sequence[Drop], out_dir: Path
) -> DataDir:
    left_out = {drop.utt_id for drop in drops}
    kept = data.subset([utt_id for utt_id in data.utt_ids if utt_id not in left_out])
    tables = {
        name: _of_utterances(kept, name, table.cut)
        for name in kept.tables
        if (table := find_table(name)) is not None and table.in_dump == "as it is"
    }
    for record in records:
        for name, rows in record.packed.items():
            has = set(kept.utt_ids) if name in stretch_tables(kept) else kept.tables[name]
            needed = {key: value for key, value in rows.items() if key in has}
            tables[name] = {**tables.get(name, {}), **needed}
    for naming, held in kept.named().items():
        # An utterance whose image could not be read is one without.
        there = {name for table in held for name in tables.get(table, {})}
        tables[naming] = {key: name for key, name in tables[naming].items() if name in there}
    columns = {
        SOUND: "audio", PICTURE: "video", SAMPLES: "num_samples", FRAMES: "num_frames"
    }  # fmt: skip
    for table, column in columns.items():
        tables[table.name] = {
            utt_id: str(value)
            for record in records
            for utt_id, value in getattr(record, column).items()
        }
    return write_data_dir(out_dir, tables, kept.ctm)


def _of_utterances(
    data: DataDir, name: str, cut_out: Callable[[str, float, float | None], str] | None
) -> Mapping[str, str]:
    """A table whose ids are utterances, as there are no recordings in a dump."""
    rows = data.tables[name]
    if cut_out is None or not data.is_keyed(name):
        return rows
    found = {}
    for utt_id in data.utt_ids:
        recording, start, end = data.recording(utt_id)
        if (value := rows.get(recording)) and (part := cut_out(value, start, end)):
            found[utt_id] = part
    return found


def _summary(dump: DataDir, drops: Sequence[Drop], config: DumpConfig) -> dict[str, object]:
    """Figures of the dump; no date, so that equal dumps are equal files."""
    clips, counts = (dump.tables.get(name, {}) for name in ("video.scp", "utt2num_frames"))
    frames = {utt_id: count for utt_id, count in counts.items() if utt_id in clips}
    samples = dump.tables.get("utt2num_samples", {})
    return {
        "utterances": len(dump.utt_ids),
        "dropped": len(drops),
        "with_audio": len(samples),
        "with_video": len(frames),
        "audio_hours": round(sum(map(int, samples.values())) / SAMPLE_RATE / 3600, 4),
        "video_hours": round(sum(map(int, frames.values())) / FRAME_HZ / 3600, 4),
        **({"arrays": arrays} if (arrays := count_arrays(dump)) else {}),
        "config": to_dict(config),
    }
