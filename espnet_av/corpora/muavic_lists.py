"""The lists of MuAViC: rows of `{split}.tsv` with their line of `{split}.{lang}`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from espnet_av.corpora.tsv import read_lines, read_tsv
from espnet_av.errors import DataDirError

Translate = Literal["none", "to_en", "from_en"]
SPLITS = ("train", "valid", "test")

_NOWHERE = frozenset(("", "-", "None", "none"))
_SUFFIXES = {"video": ".mp4", "audio": ".wav"}


class ClipList(NamedTuple):
    """One list: what is spoken, which split, and where rows and texts are."""

    lang: str
    split: str
    tsv: Path
    text: Path
    target: str | None
    """Language of the texts where they are translations; None: they are transcripts."""


class ListRow(NamedTuple):
    """One clip as a list names it; its files may not exist."""

    video: Path
    audio: Path
    text: str
    origin: str
    """`file:line`, and what is odd about the row."""
    has_frames: bool
    """False: the list counts no frame (-1), because the video was missing when it was made."""

    @property
    def talk(self) -> str:
        """Name of the talk: the folder its clips are in."""
        return self.video.parent.name

    @property
    def segment(self) -> str:
        """Name of the clip, among its talk's landmarks too."""
        return self.video.stem


def find_lists(base: Path, languages: Sequence[str], translate: Translate) -> Iterator[ClipList]:
    """The lists to read; which languages they are of depends on `translate`, see `prepare_muavic`.

    Translations into English may have a list of their own (`_avst`) or share that of the
    transcripts.
    """
    for lang in languages:
        for split in SPLITS:
            own = base / lang / f"{split}.tsv"
            if translate == "none":
                yield ClipList(lang, split, own, base / lang / f"{split}.{lang}", None)
            elif translate == "to_en":
                folder = base / lang / "en"
                tsv = _first(folder / f"{split}_avst.tsv", folder / f"{split}.tsv", own)
                text = _first(folder / f"{split}_avst.en", folder / f"{split}.en")
                yield ClipList(lang, split, tsv, text, "en")
            else:
                folder = base / "en" / lang
                tsv = _first(folder / f"{split}.tsv", base / "en" / f"{split}.tsv")
                yield ClipList("en", split, tsv, folder / f"{split}.{lang}", lang)


def read_list(base: Path, item: ClipList) -> list[ListRow]:
    """Rows of one list.

    Paths in the list are followed where they lead to a folder, else looked for in the layout below
    `base`, as a copy that was moved needs.

    Args:
        base: folder of the languages.
        item: its `tsv` has the root folder on line 1, then `id, video, audio, frames, samples`;
            its `text` a line for each row.

    Raises:
        DataDirError: a file is missing, a row is short, or the two differ in length.
    """
    header, *rows = read_tsv(item.tsv, 1) or [[""]]
    texts = read_lines(item.text)
    if len(rows) != len(texts):
        msg = (
            f"{item.text}: {len(texts)} lines for {len(rows)} rows of {item.tsv}; they belong "
            "together line by line: fetch both again"
        )
        raise DataDirError(msg)
    is_dir = functools.lru_cache(maxsize=None)(Path.is_dir)
    found: list[ListRow] = []
    for number, (row, words) in enumerate(zip(rows, texts, strict=True), start=2):
        if len(row) < 5:
            msg = f"{item.tsv}:{number}: {len(row)} columns, expected id, video, audio, frames, "
            msg += "samples"
            raise DataDirError(msg)
        video = _place(base, item, "video", header[0], row[1], row[0], is_dir)
        audio = _place(base, item, "audio", header[0], row[2], row[0], is_dir)
        has_frames = row[3].strip().isdecimal() and int(row[3]) > 0
        origin = f"{item.tsv}:{number}" + ("" if has_frames else f", {row[3]} frames")
        found.append(ListRow(video, audio, " ".join(words.split()), origin, has_frames))
    return found


def _place(
    base: Path,
    item: ClipList,
    kind: str,
    root: str,
    value: str,
    clip_id: str,
    is_dir: Callable[[Path], bool],
) -> Path:
    """The file a row names, or where the layout has it."""
    given = Path(root, value)
    if value not in _NOWHERE and is_dir(given.parent.parent):
        return given
    moved = Path(clip_id + _SUFFIXES[kind]) if value in _NOWHERE else given
    # An id without a folder is the talk's, a `_`, and a number.
    talk = moved.parent.name or moved.stem.rpartition("_")[0]
    return base / item.lang / kind / item.split / talk / moved.name


def _first(*paths: Path) -> Path:
    """The first that is there, else the first."""
    return next((path for path in paths if path.is_file()), paths[0])
