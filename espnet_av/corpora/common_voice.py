"""Common Voice (Ardila et al. 2020): sentences read by volunteers; sound alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from espnet_av.config import unknown_key_message
from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.tsv import join_surplus, read_headed_tsv, split_row
from espnet_av.errors import DataDirError

SPLITS = {"train": "train", "dev": "valid", "test": "test"}
"""Published name -> ours."""
_COLUMNS = ("client_id", "path", "sentence")
STRAY_TAB = ("stray_tab", "kept, the tab is a space")
FS = (32000, 48000)
"""Of later and of earlier releases."""
_SPEAKER_DIGITS = 16
"""Of the 128 hexadecimal digits that name a volunteer."""


class Sentence(NamedTuple):
    """One row of a list."""

    client: str
    name: str
    """Of the clip, without its suffix."""
    text: str
    has_stray_tab: bool
    origin: str
    """`file:line`."""


def prepare_common_voice(
    root: str | Path,
    out_dir: str | Path,
    *,
    languages: list[str] | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}_<lang>` from a copy of Common Voice; no `video.scp`.

    `root/<lang>/{train,dev,test}.tsv` list the sentences (columns are found by their names, which
    differ among releases; fields may be quoted as in CSV); the sound is
    `root/<lang>/clips/<file>.mp3`. Ids read `cv_<lang>_<volunteer>-<file>`. The durations of MP3
    files are estimates of their headers.
    Clips that only other lists of the release name (`other.tsv`, `invalidated.tsv`, ...) are left
    to it; sound that no list names is reported.

    Args:
        root: one release, such as `cv-corpus-17.0-2024-03-15`.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        languages: folders to read; by default every one that has a `train.tsv`.
        max_missing_ratio: largest share of recordings that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no language below `root`, a missing list or one without the columns.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    present = sorted(path.parent.name for path in root.glob("*/train.tsv"))
    if not present:
        msg = (
            f"{root}: no language found; expected folders such as de/ with train.tsv and clips/; "
            "set COMMON_VOICE= in db.sh to one release"
        )
        raise DataDirError(msg)
    coverage = Coverage("common_voice")
    clips: list[Clip] = []
    for lang in languages or present:
        if lang not in present:
            raise DataDirError(unknown_key_message(lang, present, f"{root}: languages"))
        for split in SPLITS:
            clips += _read(root / lang, Part(split, lang), coverage)
        _note_unlisted(root / lang, coverage)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: f"{SPLITS[clip.part.split]}_{clip.part.lang}")


def _read(folder: Path, part: Part, coverage: Coverage) -> Iterator[Clip]:
    for said in read_sentences(folder / f"{part.split}.tsv"):
        speaker, utt_id = ids_of(part.lang, said)
        if not said.text.strip():
            problem = Problem(utt_id, "no_text", DROPPED, f"{said.origin}: empty sentence")
            coverage.lose(part, problem, "unusable")
            continue
        if said.has_stray_tab:
            coverage.note(utt_id, *STRAY_TAB, said.origin)
        yield Clip(
            utt_id=utt_id,
            speaker=speaker,
            part=part,
            audio=folder / "clips" / f"{said.name}.mp3",
            fs=FS,
            text=said.text,
            origin=said.origin,
        )


def read_sentences(tsv: Path) -> Iterator[Sentence]:
    """The rows of a list of any release.

    Raises:
        DataDirError: no such list, or one without the columns.
    """
    header, rows = read_headed_tsv(tsv)
    lacking = [name for name in _COLUMNS if name not in header]
    if lacking:
        msg = f"{tsv}:1: no column {', '.join(lacking)}; is this a list of Common Voice?"
        raise DataDirError(msg)
    client, path, sentence = (header.index(name) for name in _COLUMNS)
    for number, found in rows:
        row = join_surplus(found, len(header), sentence)
        where = f"{tsv}:{number}"
        if len(row) <= max(client, path, sentence):
            msg = f"{where}: {len(row)} columns, the header has {len(header)}; fetch the list again"
            raise DataDirError(msg)
        # Early releases leave the suffix out.
        name = row[path].removesuffix(".mp3")
        stray = row[sentence] != found[sentence]
        yield Sentence(row[client], name, row[sentence], stray, where)


def ids_of(lang: str, said: Sentence) -> tuple[str, str]:
    """Speaker and utterance id of a sentence."""
    speaker = make_id(f"cv_{lang}_{said.client[:_SPEAKER_DIGITS]}")
    return speaker, f"{speaker}-{make_id(Path(said.name).name)}"


def _note_unlisted(folder: Path, coverage: Coverage) -> None:
    listed: set[str] = set()
    for tsv in sorted(folder.glob("*.tsv")):
        # Lists of a million lines: one at a time in memory, and one column of it.
        with tsv.open(encoding="utf-8-sig", errors="replace") as stream:
            header = split_row(stream.readline().rstrip("\r\n"))
            if "path" in header:
                column = header.index("path")
                rows = (line.rstrip("\r\n").split("\t", column + 1) for line in stream)
                names = (row[column].strip('"') for row in rows if len(row) > column)
                listed |= {name.removesuffix(".mp3") for name in names}
    for path in visible_files(folder / "clips", [".mp3"]):
        if path.stem not in listed:
            name = make_id(f"cv_{folder.name}_{path.stem}")
            coverage.note(name, "unlisted", "left out", f"{path}: no list of {folder} names it")
