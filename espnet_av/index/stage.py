"""The making of an index: shards of every set by parallel jobs, then one table and a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from espnet_av.data.data_dir import DataDir
from espnet_av.data.dropped import check_dropped, write_dropped
from espnet_av.data.lengths import num_frames
from espnet_av.data.shard import delete_stale, finished_records
from espnet_av.errors import CheckpointError, ConfigError, DataDirError
from espnet_av.index.config import IndexConfig
from espnet_av.index.report import IndexReport, NotedModel, NotedTeacher, places_of, write_report
from espnet_av.index.rows import IndexRow, write_rows
from espnet_av.index.shard import IndexRecord, IndexShard, sets_of
from espnet_av.index.source import SetVectors, SpeechModel
from espnet_av.rates import FRAME_HZ
from espnet_av.vectors.encoder import describe_teacher, recognise_use


def plan_index(sets: Sequence[SetVectors], out_dir: Path, config: IndexConfig) -> list[IndexShard]:
    """Cut the sets into shards, whatever the number of jobs.

    Raises:
        ConfigError: two sets have the same name.
    """
    names = [vectors.data.path.name for vectors in sets]
    if len(set(names)) < len(names):
        msg = f"--data_dirs: two sets have the same name ({', '.join(names)}); rename a folder"
        raise ConfigError(msg)
    shards: list[IndexShard] = []
    for vectors in sets:
        utt_ids, size = vectors.data.utt_ids, config.shard_utts
        for start in range(0, len(utt_ids), size):
            part, number = list(utt_ids[start : start + size]), len(shards) + 1
            shards.append(IndexShard(number, part, vectors.data, out_dir, vectors, config))
    return shards


def finish_index(
    shards: Sequence[IndexShard], source: SpeechModel, teacher: NotedTeacher | None
) -> IndexReport:
    """Merge finished shards.

    Raises:
        DataDirError: a shard is not done, or no utterance has a vector.
        DroppedTooManyError: too many have none; `dropped.tsv` is written all the same.
    """
    records = finished_records(shards)
    out_dir, config = shards[0].out_dir, shards[0].config
    drops = sorted(drop for record in records for drop in record.dropped)
    dropped, total = out_dir / "dropped.tsv", sum(len(shard.utt_ids) for shard in shards)
    write_dropped(dropped, drops)
    check_dropped(dropped, drops, total, config.max_dropped_ratio)
    num_utts = write_rows(out_dir, _rows(shards, records))
    if not num_utts:
        msg = f"{out_dir}: no utterance has a vector, the index would be empty; see {dropped}"
        raise DataDirError(msg)
    report = IndexReport(
        model=NotedModel(
            places=places_of(source.path, out_dir),
            checkpoint=source.checkpoint,
            sha256=source.sha256,
        ),
        teacher=teacher,
        modality=config.modality,
        width=max(record.width for record in records),
        num_utts=num_utts,
        num_dropped=len(drops),
        sets=dict(sets_of(shards)),
        archives={record.pointer: len(record.kept) for record in records if record.pointer},
    )
    write_report(out_dir, report)
    delete_stale(out_dir, len(shards))
    return report


def note_teacher(source: SpeechModel, folder: Path | None, out_dir: Path) -> NotedTeacher | None:
    """The text encoder that a model learned from.

    Args:
        source: the model.
        folder: of the encoder; None: questions will be sounds, or will name it.
        out_dir: of the index.

    Raises:
        CheckpointError: the model learned from another one, or from none.
    """
    if folder is None:
        return None if source.teacher is None else NotedTeacher(id=source.teacher, places=[])
    if source.teacher is None:
        msg = (
            f"{source.path}: learned from no text encoder, or nobody noted which (no "
            "teacher.yaml), so words mean nothing to it; leave --teacher out, and ask with sounds"
        )
        raise CheckpointError(msg)
    use = recognise_use(folder, source.teacher)
    if use is None:
        msg = (
            f"{folder}: is not the text encoder that {source.path} learned from (teacher "
            f"{source.teacher}), whatever its pooling; give the folder that 'espnet-av vectors' "
            "got, or leave --teacher out, and ask with sounds"
        )
        raise CheckpointError(msg)
    teacher = describe_teacher(folder, use)
    return NotedTeacher(
        id=teacher.id,
        places=places_of(folder, out_dir),
        model=teacher.model,
        revision=teacher.revision,
    )


def _rows(shards: Sequence[IndexShard], records: Sequence[IndexRecord]) -> Iterator[IndexRow]:
    for shard, record in zip(shards, records, strict=True):
        for utt_id in record.kept:
            yield _row(shard.data, utt_id)


def _row(data: DataDir, utt_id: str) -> IndexRow:
    where = data.locate("wav.scp", utt_id) or data.locate("video.scp", utt_id)
    return IndexRow(
        utt_id=utt_id,
        set_name=data.path.name,
        lang=data.get("utt2lang", utt_id) or "",
        seconds=num_frames(data, utt_id) / FRAME_HZ,
        where=where or str(data.path),
        text=" ".join((data.get("text", utt_id) or "").split()),
    )
