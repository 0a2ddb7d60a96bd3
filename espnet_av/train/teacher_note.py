"""Whose vectors a model learned from, so that it is not compared with those of another teacher."""

from __future__ import annotations

from pathlib import Path

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.data.data_dir import DataDir
from espnet_av.data.readers.vector import TEACHERS, teacher_of_set
from espnet_av.errors import CheckpointError, DataDirError
from espnet_av.yaml_file import read_yaml_keys

NOTE = "teacher.yaml"
_KEY = "teacher"


def write_teacher(exp_dir: Path, data: DataDir) -> None:
    """Note in an experiment whose vectors its training set has, if these have names."""
    teacher = teacher_of_set(data)
    if teacher is not None:
        with atomic_write(exp_dir / NOTE) as stream:
            yaml.safe_dump({_KEY: teacher}, stream)


def read_teacher_note(exp_dir: Path) -> str | None:
    """Id of the teacher that a model learned from; None: nobody noted it.

    Raises:
        CheckpointError: the note is damaged.
    """
    if not (exp_dir / NOTE).is_file():
        return None
    cure = "restore it from a copy of the experiment, or remove it to go without this check"
    teacher = read_yaml_keys(exp_dir / NOTE, CheckpointError, cure).get(_KEY)
    return None if teacher is None else str(teacher)


def check_teacher(exp_dir: Path, data: DataDir) -> None:
    """Check that a set has vectors of the teacher that a model learned from.

    Raises:
        DataDirError: they are of another.
        CheckpointError: the note is damaged.
    """
    here, there = teacher_of_set(data), read_teacher_note(exp_dir)
    if None not in (here, there) and there != here:
        msg = (
            f"{data.path}/{TEACHERS}: has the vectors of teacher {here}, but {exp_dir} learned "
            f"from those of {there}; make them with the same text encoder and pooling ('espnet-av "
            "vectors'), and dump the set again"
        )
        raise DataDirError(msg)
