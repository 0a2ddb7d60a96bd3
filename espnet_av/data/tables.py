"""What each file of a data dir holds, how it is checked, and what becomes of it in a dump."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from espnet_av.data.array_problem import ArrayCheck, states_problem
from espnet_av.data.face_place import is_place
from espnet_av.data.rttm import cut_turns, parse_rttm, turns_problem, write_rttm
from espnet_av.data.table import id_problem, is_ark_pointer, parse_table, path_problem, write_table
from espnet_av.errors import ArrayError

if TYPE_CHECKING:
    from espnet_av.data.ark import ArkWriter

_PICTURES = (".jpg", ".jpeg", ".png")
SEGMENTS = "segments"
"""Table that says which recording an utterance is part of."""
Packer = Callable[["ArkWriter", str, str], str]
"""Stores what a path or pointer names under an id, and returns its pointer; raises `ArkError`."""
StretchPacker = Callable[["ArkWriter", str, str, float, float | None, int], str]
"""The same of a stretch (start, end in seconds) of a recording, pictures with so many pixels on the
shorter side at most; raises `MediaError` too."""
_LANG = r"(?!bak|old|tmp)[a-z]{2,3}(-[A-Za-z]+)?"
_LOOKS_LIKE_A_TABLE = re.compile(rf"(utt|rec|reco|spk)2\w+|\w+\.scp|text\.{_LANG}\w*|\w*(ctm|rttm)")


def no_problem(value: str) -> str | None:
    """Any value is right."""
    return None


@dataclass(frozen=True, kw_only=True)
class Table:
    """One file of a data dir: lines of `<id> <value>`."""

    name: str
    problem: Callable[[str], str | None] = no_problem
    """What is wrong with a value; None when it is right."""
    is_file: bool = False
    """Whether values are paths or archive pointers."""
    complete: bool = False
    """Whether it has every utterance where it exists."""
    keyed_by: str | None = None
    """Table whose values begin with the ids of this one, where that table exists; else, and with
    None, ids are utterances."""
    by_lang: bool = False
    """Whether there may be one for each language too, `<name>.<language>`."""
    in_dump: Literal["as it is", "packed", "used up"] = "as it is"
    """Whether a dump has it, has pointers into its archives instead, or has done what it says."""
    packer: Packer | None = None
    """Stores what a value names in an archive of the dump, once however many utterances have it;
    None: sound and mouth clips, which belong to one utterance and are filtered and cut."""
    stretch_packer: StretchPacker | None = None
    """Stores what each utterance has of its recording."""
    rows_as: str | None = None
    """Table whose arrays have as many rows as those of this one, under the same id."""
    cut: Callable[[str, float, float | None], str] | None = None
    """What a segment (start, end in seconds) has of the value of its recording; "" = nothing."""
    is_edited: bool = True
    """Whether people make it; the others a stage counts."""
    for_roi: bool = False
    """Whether the roi stage reads it."""
    mark: Literal["data", "labels", "media", "kinds", None] = "kinds"
    """Kind of fingerprint by which a training knows it again; None: it trains on nothing of it."""
    parse: Callable[[Path], tuple[dict[str, str], list[str]]] = parse_table
    write: Callable[[Path, Mapping[str, str]], None] = write_table
    in_tables: bool = True
    """Whether `DataDir.tables` has it; the others are read by themselves."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Of the names of its files, as a shell has them."""
        by_lang = (f"{self.name}.{lang}" for lang in ("??", "???", "??-*"))
        return (self.name, *by_lang) if self.by_lang else (self.name,)

    def matches(self, name: str) -> bool:
        """Whether a file of this name is this table."""
        return name == self.name or (
            self.by_lang and re.fullmatch(rf"{re.escape(self.name)}\.{_LANG}", name) is not None
        )


def looks_like_a_table(name: str) -> bool:
    """Whether a file of a data dir seems to say something of its utterances."""
    return _LOOKS_LIKE_A_TABLE.fullmatch(name) is not None


def _speaker_problem(value: str) -> str | None:
    problem = id_problem(value)
    return problem and f"speaker: {problem}"


def _count_problem(value: str) -> str | None:
    if value.isdecimal() and int(value) > 0:
        return None
    return f"'{value}' is no positive whole number; delete the file and recount"


def _place_problem(value: str) -> str | None:
    expected = "expected '<x> <y>', shares of the picture's width and height from 0 to 1"
    return None if is_place(value) else f"{expected}, got '{value}'"


def _segment_problem(value: str) -> str | None:
    try:
        _, start, end = value.split()
        right = 0 <= float(start) < float(end) or (float(start) >= 0 and float(end) == -1)
    except ValueError:
        right = False
    return None if right else f"expected '<recording> <start> <end>' in seconds, got '{value}'"


@dataclass(frozen=True)
class ArrayPacker:
    """A `Packer` of arrays of floats: `.npy` files, or entries of another archive."""

    num_axes: int
    problem: ArrayCheck

    def __call__(self, ark: ArkWriter, name: str, source: str) -> str:
        """See `Packer`."""
        # numpy, which tools need not load
        from espnet_av.data.ark import read_array
        from espnet_av.data.array_file import read_array_file

        if source.lower().endswith(_PICTURES):
            msg = (
                f"{source}: a picture, where features are expected: leave image.scp out, name the "
            )
            msg += "image in utt2image, and have `espnet-av images` make features of the pictures"
            raise ArrayError(msg, "picture, not features")
        if is_ark_pointer(source):
            array = read_array(source, name, num_axes=self.num_axes)
        else:
            array = read_array_file(source)
        if problem := self.problem(array):
            msg = f"{source}: {problem.reason}: {problem.detail}"
            raise ArrayError(msg, problem.reason)
        return ark.write_array(name, array)


_files = partial(Table, problem=path_problem, is_file=True, keyed_by=SEGMENTS)
"""A table of files of recordings."""
SOUND = _files(name="wav.scp", in_dump="packed", mark="media")
PICTURE = _files(name="video.scp", in_dump="packed", for_roi=True, mark="media")


def _pack_film(
    ark: ArkWriter, name: str, source: str, start: float, end: float | None, side: int
) -> str:
    from espnet_av.data.film import pack_film  # PyAV and OpenCV, which tools need not load

    return pack_film(ark, name, source, start, end, side)


FILMS = _files(name="film.scp", in_dump="packed", stretch_packer=_pack_film)
STATES = Table(
    name="states.scp",
    problem=path_problem,
    is_file=True,
    in_dump="packed",
    packer=ArrayPacker(3, states_problem),
)
LANDMARKS = _files(name="landmarks.scp", in_dump="used up", for_roi=True, mark=None)
TEXT = Table(name="text", complete=True, by_lang=True, mark="data")
SPEAKERS = Table(name="utt2spk", problem=_speaker_problem, complete=True, for_roi=True, mark=None)
LANGS = Table(name="utt2lang", complete=True, mark="labels")
CATEGORIES = Table(name="utt2category", complete=True, mark="labels")
FACES = Table(name="utt2face", problem=_place_problem, in_dump="used up", for_roi=True, mark=None)
FRAMES = Table(name="utt2num_frames", problem=_count_problem, is_edited=False, mark="data")
SAMPLES = Table(name="utt2num_samples", problem=_count_problem, is_edited=False, mark="data")
CUTS = Table(name=SEGMENTS, problem=_segment_problem, in_dump="used up", for_roi=True, mark=None)
TARGETS = Table(name="utt2target", complete=True)
TURNS = Table(
    name="rttm",
    problem=turns_problem,
    keyed_by=SEGMENTS,
    cut=cut_turns,
    parse=parse_rttm,
    write=write_rttm,
)
STRETCHES = Table(name="ctm", mark="data", in_tables=False)

TABLES = (
    SOUND, PICTURE, LANDMARKS, TEXT, SPEAKERS, LANGS, CATEGORIES, FACES, FRAMES, SAMPLES, CUTS,
    STRETCHES,
)  # fmt: skip
"""What every data dir may have, in the order of the fingerprints: a new one goes to the end."""
KALDI = frozenset(
    {
        "spk2utt", "spk2gender", "utt2gender", "utt2uniq", "utt2dur", "reco2dur",
        "reco2file_and_channel", "rec2dur", "feats.scp", "cmvn.scp", "vad.scp",
    }
)  # fmt: skip
"""What other tools put there: derived, or for features that are not used; no stage reads it."""
