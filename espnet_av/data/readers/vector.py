"""Reads the vector that a teacher has made of an utterance, such as that of its sentence."""

from __future__ import annotations

from espnet_av.data.data_dir import DataDir
from espnet_av.data.readers.array import ArrayReader
from espnet_av.errors import DataDirError

VECTORS, TEACHERS = "teacher.scp", "utt2teacher"
"""Tables: vectors, and whose vector each utterance has, `<teacher>-<sentence>`."""


class TeacherReader(ArrayReader):
    """(D,) float32."""

    field = "teacher"
    table = VECTORS
    num_axes = 1

    def check(self) -> None:
        """See `AbsReader`; sets that were joined may have the vectors of two teachers."""
        super().check()
        check_one_teacher(self.data)


def teacher_of(name: str) -> str:
    """Who made the vector of this name."""
    return name.partition("-")[0]


def teacher_of_set(data: DataDir) -> str | None:
    """Who made the vectors of a set; None: they have no names, or there are none."""
    return next((teacher_of(name) for name in data.tables.get(TEACHERS, {}).values()), None)


def check_one_teacher(*sets: DataDir) -> None:
    """Check that vectors of sets can be compared.

    Raises:
        DataDirError: they are of different teachers.
    """
    first: dict[str, str] = {}
    for data in sets:
        for utt_id, name in data.tables.get(TEACHERS, {}).items():
            first.setdefault(teacher_of(name), f"{data.path}/{TEACHERS}: {utt_id}")
    if len(first) > 1:
        told = "; ".join(f"{teacher} ({where})" for teacher, where in first.items())
        msg = (
            f"vectors of different teachers meet: {told}; make all with the same text encoder and "
            "pooling ('espnet-av vectors'), and dump again"
        )
        raise DataDirError(msg)
