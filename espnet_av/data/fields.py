"""The kinds of data there are, each declared once: its tables, its array, padding and clock."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espnet_av.data.array_problem import boxes_problem, regions_problem, vector_problem
from espnet_av.data.table import id_problem, path_problem
from espnet_av.data.tables import (
    FILMS,
    FRAMES,
    KALDI,
    LANGS,
    PICTURE,
    SAMPLES,
    SOUND,
    STATES,
    STRETCHES,
    TABLES,
    TARGETS,
    TEXT,
    TURNS,
    ArrayPacker,
    Table,
    looks_like_a_table,
)
from espnet_av.errors import ConfigError
from espnet_av.padding import PAD_ID
from espnet_av.rates import FRAME_HZ, SAMPLES_PER_FRAME
from espnet_av.registry import Registry


class Clock(enum.Enum):
    """What one entry of an array lasts."""

    SAMPLES = "16 kHz"
    VIDEO = "25 Hz"
    MODEL = "the frames of the model"
    NONE = "no time"

    def per_frame(self, frame_hz: float) -> int:
        """Entries for each frame at 25 Hz of a model with `frame_hz`; 0 without time."""
        counts = {Clock.SAMPLES: SAMPLES_PER_FRAME, Clock.VIDEO: 1, Clock.NONE: 0}
        return counts.get(self, int(frame_hz) // FRAME_HZ)


class Batching(enum.Enum):
    """How the arrays of several utterances become one."""

    PADDED = "padded"
    """To the longest, with `<name>_lengths`; an utterance without has length 0."""
    STACKED = "stacked"
    """All of one shape; every utterance has one."""
    LISTED = "listed"
    """Texts, which stay a list; an utterance without has ""."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One kind of data of an utterance, under its name in `Sample` and `Batch`."""

    name: str
    tables: tuple[Table, ...] = ()
    """Files of a data dir that it comes from."""
    batching: Batching = Batching.PADDED
    padding: float = 0
    """What stands after the end of a padded array."""
    padded_axes: int = 1
    """Leading axes that may differ among utterances."""
    clock: Clock = Clock.NONE
    for_learning: bool = False
    """Whether it is only learnt from: predictions do without."""
    stands_for: tuple[str, ...] = ()
    """Fields that are not read where this one is: it was computed from them."""


_IMAGES = Table(name="utt2image", problem=id_problem)
_TEACHERS = Table(name="utt2teacher", problem=id_problem)


def _arrays(name: str, packer: ArrayPacker, **more: Any) -> Table:
    """A table of arrays of floats, which a dump holds as float16."""
    return Table(
        name=name, problem=path_problem, is_file=True, in_dump="packed", packer=packer, **more
    )


_REGIONS = _arrays("image.scp", ArrayPacker(2, regions_problem), keyed_by=_IMAGES.name)
_BOXES = _arrays(
    "boxes.scp", ArrayPacker(2, boxes_problem), keyed_by=_IMAGES.name, rows_as=_REGIONS.name
)


_OWN = {
    field.name: field
    for field in (
        # (S,) float32 in [-1, 1] at 16 kHz; S = 640 * V where there is video.
        Field(name="speech", tables=(SOUND, SAMPLES), clock=Clock.SAMPLES),
        # (V, H, W) uint8 at 25 Hz.
        Field(name="video", tables=(PICTURE, FRAMES), clock=Clock.VIDEO),
        # (L,) int64 token ids.
        Field(name="text", tables=(TEXT, TARGETS), padding=PAD_ID, for_learning=True),
        # (T,) int64 labels at the frame rate of the model (25 or 50 Hz), -1 where unlabelled.
        Field(
            name="units",
            tables=(STRETCHES,),
            padding=PAD_ID,
            clock=Clock.MODEL,
            for_learning=True,
        ),
        # The language spoken.
        Field(name="lang", tables=(LANGS,), batching=Batching.LISTED),
        # (R, D) float32 features of the regions of an image, and (R, 4) where they are:
        # x1 y1 x2 y2, shares of its width and height.
        Field(name="image", tables=(_REGIONS, _IMAGES)),
        Field(name="boxes", tables=(_BOXES,)),
        # () int64 class.
        Field(
            name="label",
            tables=(Table(name="utt2label"),),
            batching=Batching.STACKED,
            for_learning=True,
        ),
        # (T, S) float32, 1 where a talker speaks, at the frame rate of the model.
        Field(
            name="activity", tables=(TURNS,), padded_axes=2, clock=Clock.MODEL, for_learning=True
        ),
        # (D,) float32 of a teacher; utterances with the same sentence share one.
        Field(
            name="teacher",
            tables=(
                _arrays("teacher.scp", ArrayPacker(1, vector_problem), keyed_by=_TEACHERS.name),
                _TEACHERS,
            ),
            batching=Batching.STACKED,
            for_learning=True,
        ),
        # () int64, the same number for all that describe one image, in any language.
        Field(name="image_id", batching=Batching.STACKED, for_learning=True),
        # (F, H, W, 3) uint8 RGB, full frames: `dataset.film_frames`, or at `film_hz`.
        Field(name="film", tables=(FILMS,), clock=Clock.VIDEO),
        # (T, N, D) float16, what a frozen model makes of the sound: the states of all its layers.
        Field(
            name="states",
            tables=(STATES,),
            clock=Clock.MODEL,
            stands_for=("speech", "video"),
        ),
    )
}


def _problem(name: str, field: Any) -> str | None:
    if not isinstance(field, Field):
        return f"{field!r} is no Field"
    return None if field.name == name else f"it is called '{field.name}', not '{name}'"


FIELDS: Registry[Field] = Registry("fields", _OWN, _problem)
"""Name -> field, in the order of `Batch.as_dict`."""


def known_tables() -> list[Table]:
    """Every table of a data dir: those of all, then those of single kinds of data."""
    return list(dict.fromkeys(_each_table()))


def _each_table() -> Iterator[Table]:
    """The same, some of them twice."""
    yield from TABLES
    for field in FIELDS.values():
        yield from field.tables


def tables_of(*names: str) -> list[Table]:
    """The tables that fields come from: archives first, then what is told of these."""
    own = dict.fromkeys(table for name in names for table in FIELDS[name].tables)
    return sorted(own, key=lambda table: not table.is_file)


def find_table(name: str) -> Table | None:
    """The table that a file of this name is; None: none that is known."""
    # Asked for every utterance, so without the list.
    return next((table for table in _each_table() if table.matches(name)), None)


def present_tables(path: Path) -> dict[str, Table]:
    """File name -> table, of every known file of a data dir."""
    names = sorted(item.name for item in path.iterdir() if item.is_file())
    found: dict[str, Table] = {}
    for table in known_tables():
        same = [name for name in names if table.matches(name)]
        found |= dict.fromkeys(sorted(same, key=lambda name: name != table.name), table)
    return found


def unknown_tables(path: Path) -> list[str]:
    """What to say of every file of a data dir that seems to be a table, but is none of ours."""
    names = sorted(item.name for item in path.iterdir() if item.is_file())
    unknown = [
        name
        for name in names
        if looks_like_a_table(name) and name not in KALDI and find_table(name) is None
    ]
    ours = [table.name for table in known_tables()]
    return [f"{path}/{name}: not a table of a data dir{nearest(name, ours)}" for name in unknown]


def check_field(name: str) -> None:
    """Check that there is such a kind of data.

    Raises:
        ConfigError: there is none; the nearest is named.
    """
    if name not in FIELDS:
        msg = f"'{name}' is no kind of data{nearest(name, FIELDS)}; there are {', '.join(FIELDS)}"
        raise ConfigError(msg)


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, of the known name that is most like this one; "" if none is."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{found[0]}'?" if found else ""
