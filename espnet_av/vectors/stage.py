"""The vectors stage: shards by parallel jobs, then tables in the data dirs and a report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.data.readers.vector import TEACHERS, VECTORS, teacher_of
from espnet_av.data.shard import cut, delete_stale, finished_records
from espnet_av.data.table import write_table
from espnet_av.data.target import target_table
from espnet_av.errors import DataDirError
from espnet_av.fingerprint import fingerprint
from espnet_av.vectors.config import VectorsConfig
from espnet_av.vectors.encoder import TextEncoder, sentence_of
from espnet_av.vectors.report import read_teacher, write_report
from espnet_av.vectors.shard import VectorShard

_HASH_DIGITS = 24


@dataclass(frozen=True)
class VectorPlan:
    """What the stage makes."""

    shards: list[VectorShard]
    users: dict[Path, dict[str, str]]
    """Data dir -> utterance -> name of the vector of its sentence."""


def plan_vectors(
    data_dirs: Sequence[Path], out_dir: Path, encoder: TextEncoder, config: VectorsConfig
) -> VectorPlan:
    """Cut the sentences of all sets into shards, each sentence once, whatever the number of jobs.

    Args:
        data_dirs: sets with texts.
        out_dir: output of the stage.
        encoder: the teacher.
        config: what is made.

    Raises:
        DataDirError: a data dir is broken or has no such texts; or vectors of another teacher are
            there already.
    """
    teacher = encoder.teacher
    there = read_teacher(out_dir)
    if there is not None and there["id"] != teacher.id:
        msg = (
            f"{out_dir}: has the vectors of another teacher ({_told(there)}; asked for is "
            f"{_told(teacher.told())}); choose another folder, or remove this one"
        )
        raise DataDirError(msg)
    users: dict[Path, dict[str, str]] = {}
    sentences: dict[str, str] = {}
    for path in data_dirs:
        data = read_data_dir(path)
        _check_free(data, teacher.id)
        users[path] = {}
        for utt_id, text in sorted(_texts(data, config).items()):
            sentence = sentence_of(text)
            name = f"{teacher.id}-{fingerprint([sentence], _HASH_DIGITS)}"
            sentences[name] = sentence
            users[path][utt_id] = name
    shards = cut(
        sorted(sentences),
        config.shard_sentences,
        lambda number, part: VectorShard(
            number, part, DataDir(out_dir, {}), out_dir, sentences, encoder, config
        ),
    )
    return VectorPlan(shards, users)


def finish_vectors(plan: VectorPlan) -> dict[str, str]:
    """Merge finished shards, write the report, and put the tables into the data dirs.

    Returns:
        Name -> vector, `teacher.<shard>.ark:<offset>`.

    Raises:
        DataDirError: a shard is not done.
        DroppedTooManyError: too many utterances have no vector; the report is written all the same.
    """
    records, shards = finished_records(plan.shards), plan.shards
    out_dir, config, teacher = shards[0].out_dir, shards[0].config, shards[0].encoder.teacher
    vectors = {name: pointer for record in records for name, pointer in record.vectors.items()}
    lost = {drop.utt_id: drop for record in records for drop in record.dropped}
    drops = [
        Drop(utt_id, *lost[name][1:])
        for names in plan.users.values()
        for utt_id, name in names.items()
        if name in lost
    ]
    write_dropped(out_dir / "dropped.tsv", sorted(drops))
    total = sum(len(names) for names in plan.users.values())
    write_report(out_dir, teacher, records, total, len(drops))
    check_dropped(out_dir / "dropped.tsv", sorted(drops), total, config.max_dropped_ratio)
    write_table(out_dir / VECTORS, vectors)
    for path, names in plan.users.items():
        _write_tables(
            path, {u: name for u, name in names.items() if name in vectors}, out_dir, vectors
        )
    delete_stale(out_dir, len(shards))
    return vectors


def _write_tables(
    path: Path, names: Mapping[str, str], out_dir: Path, vectors: Mapping[str, str]
) -> None:
    # First: names without vectors are only lacking, vectors that nobody names are an error.
    write_table(path / TEACHERS, names)
    # Found beside the table wherever it is read from, also after both folders were moved.
    where = os.path.relpath(out_dir, path)
    write_table(path / VECTORS, {n: f"{where}/{vectors[n]}" for n in sorted(set(names.values()))})


def _texts(data: DataDir, config: VectorsConfig) -> Mapping[str, str]:
    name = target_table(config.text_lang)
    if name not in data.tables:
        msg = f"{data.path}/{name}: no such file, but vectors are made of its sentences; leave "
        raise DataDirError(msg + "this set out, or set text_lang to a language that it has")
    return data.tables[name]


def _check_free(data: DataDir, teacher: str) -> None:
    """Nothing is replaced that another teacher has made."""
    if VECTORS not in data.tables:
        return
    others = {teacher_of(name) for name in data.tables.get(TEACHERS, {}).values()} - {teacher}
    if others or TEACHERS not in data.tables:
        whose = f"teacher {', '.join(sorted(others))}" if others else "a teacher that is not named"
        msg = (
            f"{data.path}/{VECTORS}: has the vectors of {whose}, asked for is {teacher}; remove "
            f"{VECTORS} and {TEACHERS} from it to take the new ones, or keep the old teacher"
        )
        raise DataDirError(msg)


def _told(teacher: Mapping[str, object]) -> str:
    return f"{teacher['id']}: {teacher['model']}, pooling {teacher['pooling']}"
