"""One reader for each kind of data; augmentation stands beside the reader that uses it."""

from __future__ import annotations

from typing import Any

from espnet_av.data.readers.abs_reader import AbsReader
from espnet_av.data.readers.activity import ActivityReader
from espnet_av.data.readers.film import FilmReader
from espnet_av.data.readers.image import BoxesReader, ImageIdReader, ImageReader
from espnet_av.data.readers.label import LabelReader
from espnet_av.data.readers.lang import LangReader
from espnet_av.data.readers.speech import SpeechReader
from espnet_av.data.readers.states import StatesReader
from espnet_av.data.readers.text import TextReader
from espnet_av.data.readers.units import UnitsReader
from espnet_av.data.readers.vector import TeacherReader
from espnet_av.data.readers.video import VideoReader
from espnet_av.registry import Registry

_ALL: tuple[type[AbsReader], ...] = (
    SpeechReader, VideoReader, TextReader, UnitsReader, LangReader, ImageReader, BoxesReader,
    LabelReader, ActivityReader, TeacherReader, ImageIdReader, FilmReader,
    StatesReader,
)  # fmt: skip


def _problem(name: str, reader: Any) -> str | None:
    if not (isinstance(reader, type) and issubclass(reader, AbsReader)):
        return f"{reader!r} is no subclass of AbsReader"
    return None if reader.field == name else f"it reads the field '{reader.field}', not '{name}'"


READERS: Registry[type[AbsReader]] = Registry(
    "readers", {reader.field: reader for reader in _ALL}, _problem
)
"""Field -> its reader, in the order in which they draw: a new one goes to the end."""
ALWAYS = ("speech", "video", "text", "units", "lang")
"""Fields that are read wherever they are, and asked for by modalities, tokenizer and labels."""
