"""What the vectors stage has made, and with which teacher."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.errors import DataDirError
from espnet_av.vectors.encoder import Teacher
from espnet_av.vectors.shard import VectorRecord
from espnet_av.yaml_file import read_yaml_keys

REPORT = "vectors.yaml"


def write_report(
    out_dir: Path,
    teacher: Teacher,
    records: Sequence[VectorRecord],
    num_utts: int,
    num_dropped: int,
) -> None:
    """Write `vectors.yaml`; no date, so that equal vectors are equal files."""
    summary = {
        "teacher": teacher.told(),
        "width": max(record.width for record in records),
        "utterances": num_utts,
        "dropped": num_dropped,
        "sentences": sum(len(record.vectors) for record in records),
        "cut": sum(record.num_cut for record in records),
    }
    with atomic_write(out_dir / REPORT) as stream:
        yaml.safe_dump(summary, stream, sort_keys=False)


def read_teacher(out_dir: Path) -> dict[str, Any] | None:
    """Whose vectors are in a folder; None: it has none yet.

    Raises:
        DataDirError: the report is damaged.
    """
    path = out_dir / REPORT
    if not path.is_file():
        return None
    cure = f"remove {out_dir} and make the vectors again"
    teacher = read_yaml_keys(path, DataDirError, cure).get("teacher")
    if not isinstance(teacher, dict) or {"id", "model", "pooling"} - teacher.keys():
        msg = f"{path}: does not say whose vectors they are; {cure}"
        raise DataDirError(msg)
    return teacher
