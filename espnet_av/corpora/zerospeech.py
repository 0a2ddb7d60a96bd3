"""Item sets of ZeroSpeech: phonetic of 2021, and those of the kind of 2017, with their sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from espnet_av.atomic import atomic_write
from espnet_av.corpora.clip import Clip, make_id, survey, write_set
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem
from espnet_av.corpora.files import visible_files
from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text

HEADER = ("#file", "onset", "offset", "#phone", "prev-phone", "next-phone", "speaker")
ITEMS = "items"
"""File of a set with its items, as every ABX tool reads them."""
_SOUND = (".wav", ".flac")
_TRANSPARENT = ("phonetic", "abx17", "abxls", "test", "zr2017", "zr2021")
"""Folders that only tell the kind of data."""
_LANGS = {"english": "en", "french": "fr", "mandarin": "zh", "german": "de", "wolof": "wo"}


class _Line(NamedTuple):
    file: str
    speaker: str
    text: str
    """The line as it stands."""
    where: str


def prepare_zerospeech(
    root: str | Path,
    out_dir: str | Path,
    *,
    sound_dir: Path | None = None,
    lang: str = "en",
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write a set for each item file below `root`, with its sound and the file `items`.

    2021: `root/phonetic/{dev,test}-{clean,other}/<name>.item` with `.wav` beside it, sets
    `dev-clean` and so on. 2017: `root/test/<language>/<1s|10s|120s>/<name>.item`, sets
    `english_1s`. Also the item files of LibriSpeech alone, as `triphone-dev-clean.item`, with
    `sound_dir`. Utterances are called as the files, speakers as the items call them; items of files
    that are missing are left out, and `items` has what remains.

    Args:
        root: unpacked data set, or a folder with `.item` files.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        sound_dir: where the sound is, if not beside the items, such as LibriSpeech; any depth.
        lang: language of sets whose folder tells none.
        max_missing_ratio: largest share of recordings that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no item file below `root`, or one of another form.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    paths = visible_files(root, [".item"])
    if not paths:
        tasks = visible_files(root, [".abx"])
        msg = f"{root}: no .item file in it or below"
        if tasks:
            msg += (
                f"; {tasks[0].name} is a task of ABXpy, of which the index of zrc has .item files"
            )
        msg += "; set ZEROSPEECH= in db.sh to the unpacked set"
        raise DataDirError(msg)
    elsewhere = None if sound_dir is None else _by_stem(Path(sound_dir).absolute())
    coverage = Coverage("zerospeech")
    lines: dict[str, list[_Line]] = {}
    clips: dict[str, list[Clip]] = {}
    for path in paths:
        name, part_lang = _set_of(path.relative_to(root), lang)
        lines[name] = list(_read_items(path))
        sound = _by_stem(path.parent) if elsewhere is None else elsewhere
        clips[name] = list(_clips(path, name, part_lang, lines[name], sound, coverage))
    kept = {name: survey(own, coverage, num_jobs) for name, own in clips.items()}
    coverage.finish(out_dir, max_missing_ratio)
    counts = {name: write_set(out_dir / name, own) for name, own in kept.items() if own}
    for name in counts:
        there = {clip.utt_id for clip in kept[name]}
        _write_items(out_dir / name / ITEMS, [item for item in lines[name] if item.file in there])
    return counts


def _set_of(place: Path, lang: str) -> tuple[str, str]:
    """Name and language of the set of an item file, by its place below the root."""
    folders = [part for part in place.parts[:-1] if part.lower() not in _TRANSPARENT]
    own = next((_LANGS[f.lower()] for f in folders if f.lower() in _LANGS), lang)
    stem = place.stem
    if folders and (stem in folders[-1] or folders[-1] in stem.split("-")[:1]):
        stem = ""
    return make_id("_".join([*folders, *([stem] if stem else [])])), own


def _by_stem(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in visible_files(folder, _SOUND)}


def _read_items(path: Path) -> Iterator[_Line]:
    """The lines of an item file.

    Raises:
        DataDirError: its head or a line is of another form.
    """
    rows = read_text(path, DataDirError, "fetch it again").splitlines()
    head = rows[0].split() if rows else []
    if tuple(head[: len(HEADER)]) != HEADER:
        msg = (
            f"{path}:1: '{' '.join(head)[:80]}', expected '{' '.join(HEADER)}'; is it an item file?"
        )
        raise DataDirError(msg)
    for number, row in enumerate(rows[1:], 2):
        fields = row.split()
        if not fields:
            continue
        if len(fields) != len(head):
            msg = f"{path}:{number}: {len(fields)} columns, the first line has {len(head)}: "
            raise DataDirError(msg + f"'{row:.80}'")
        yield _Line(fields[0], fields[6], row, f"{path}:{number}")


def _clips(
    path: Path,
    name: str,
    lang: str,
    lines: list[_Line],
    sound: dict[str, Path],
    coverage: Coverage,
) -> Iterator[Clip]:
    """One utterance for each file that the items name."""
    talkers: dict[str, _Line] = {}
    for line in lines:
        first = talkers.setdefault(line.file, line)
        if first.speaker != line.speaker:
            told = f"{line.where}: {line.speaker}, {first.where}: {first.speaker}"
            coverage.note(line.file, "two_speakers", "kept, of the first", told)
            talkers[line.file] = first
    part = Part(name, lang)
    for file, line in talkers.items():
        if make_id(file) != file:
            problem = Problem(file, "bad_name", DROPPED, f"{line.where}: no id of an utterance")
            coverage.lose(part, problem, "unusable")
            continue
        yield Clip(
            utt_id=file,
            speaker=make_id(line.speaker),
            part=part,
            audio=sound.get(file, path.parent / f"{file}.wav"),
            origin=line.where,
        )


def _write_items(path: Path, lines: list[_Line]) -> None:
    with atomic_write(path) as stream:
        stream.write(" ".join(HEADER) + "\n")
        stream.writelines(" ".join(line.text.split()[: len(HEADER)]) + "\n" for line in lines)
