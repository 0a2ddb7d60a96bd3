"""Reads the vector that a teacher has made of an utterance, such as that of its sentence."""

from __future__ import annotations

from espnet_av.data.readers.array import ArrayReader


class TeacherReader(ArrayReader):
    """(D,) float32."""

    field = "teacher"
    table = "teacher.scp"
    num_axes = 1
