"""FLEURS (Conneau et al. 2022): read sentences, the same in each language; sound alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.languages import check_languages
from espnet_av.corpora.tsv import read_tsv
from espnet_av.errors import DataDirError
from espnet_av.rates import SAMPLE_RATE

CODES = {
    "en": "en_us",
    "ar": "ar_eg",
    "de": "de_de",
    "el": "el_gr",
    "es": "es_419",
    "fr": "fr_fr",
    "it": "it_it",
    "pt": "pt_br",
    "ru": "ru_ru",
}
"""Folders of MuAViC's languages."""
SPLITS = {"train": "train", "dev": "valid", "test": "test"}
"""Published name -> ours."""
HOURS_PER_LANGUAGE = 12
"""Of the three splits together, about (arXiv 2205.12446)."""
_NUMBER, _FILE, _RAW, _NORMALISED = 0, 1, 2, 3
_NUM_COLUMNS = 7


def prepare_fleurs(
    root: str | Path,
    out_dir: str | Path,
    *,
    languages: list[str] | None = None,
    text: Literal["raw", "normalised"] = "raw",
    splits: list[Literal["train", "dev", "test"]] | None = None,
    translate_to: str | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}_<lang>` from a copy of FLEURS; there is no `video.scp`.

    `root/data/<code>/{train,dev,test}.tsv` (or `root/<code>/...`) list the sentences; the sound is
    `audio/<split>/<file>.wav`, unpacked from `audio/<split>.tar.gz`. A sentence is said by several
    people who are not told apart, so each recording is a speaker: ids read `fleurs_<lang>_<file>`.

    Args:
        root: the corpus.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        languages: of the nine of MuAViC; all by default.
        text: the transcript as written (`raw`), or FLEURS's own normalisation of it.
        splits: those to read; all three by default.
        translate_to: write `text.<this>` too: the same sentence of the list of that language, of
            whichever split. Recordings whose sentence is in none of them are reported.
        max_missing_ratio: largest share of recordings that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        ConfigError: an unknown language.
        DataDirError: a list is missing, or the sound is still packed.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    base = root / "data" if (root / "data").is_dir() else root
    column = _RAW if text == "raw" else _NORMALISED
    asked = check_languages(languages, CODES)
    whole = None if splits else PublishedSize(hours=HOURS_PER_LANGUAGE * len(asked))
    coverage = Coverage("fleurs", total=whole)
    translations = _translations(base, translate_to, column)
    clips: list[Clip] = []
    for lang in asked:
        for split in splits or SPLITS:
            clips += _read(base / CODES[lang], Part(split, lang), column, translations, coverage)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: f"{SPLITS[clip.part.split]}_{clip.part.lang}")


def _translations(base: Path, lang: str | None, column: int) -> dict[str, dict[str, str]]:
    """Language -> sentence number -> the sentence in that language."""
    if lang is None:
        return {}
    (known,) = check_languages([lang], CODES)
    lists = [base / CODES[known] / f"{split}.tsv" for split in SPLITS]
    present = [path for path in lists if path.is_file()]
    rows = [row for path in present or lists[-1:] for row in read_tsv(path, _NUM_COLUMNS)]
    return {known: {row[_NUMBER]: row[column] for row in rows if row[column].strip()}}


def _read(
    folder: Path,
    part: Part,
    column: int,
    translations: dict[str, dict[str, str]],
    coverage: Coverage,
) -> Iterator[Clip]:
    """The recordings one list names; sound that it does not name is reported."""
    sounds = folder / "audio" / part.split
    packed = sounds.with_name(f"{part.split}.tar.gz")
    if not sounds.is_dir() and packed.is_file():
        msg = f"{packed}: still packed; run: tar -xzf {packed} -C {packed.parent}"
        raise DataDirError(msg)
    tsv = folder / f"{part.split}.tsv"
    listed: set[str] = set()
    for number, row in enumerate(read_tsv(tsv, _NUM_COLUMNS), start=1):
        name = make_id(f"fleurs_{part.lang}_{Path(row[_FILE]).stem}")
        listed.add(row[_FILE])
        where = f"{tsv}:{number}"
        if not row[column].strip():
            problem = Problem(name, "no_text", DROPPED, f"{where}: empty transcript")
            coverage.lose(part, problem, "unusable")
            continue
        told = {lang: by[row[_NUMBER]] for lang, by in translations.items() if row[_NUMBER] in by}
        if len(told) < len(translations):
            detail = f"{where}: sentence {row[_NUMBER]} is in no list of the target language"
            problem = Problem(name, "no_translation", DROPPED, detail)
            coverage.lose(part, problem, "unusable")
            continue
        yield Clip(
            utt_id=name,
            speaker=name,
            part=part,
            audio=sounds / row[_FILE],
            fs=(SAMPLE_RATE,),
            text=row[column],
            translations=told,
            origin=where,
        )
    for path in visible_files(sounds, [".wav"]):
        if path.name not in listed:
            name = make_id(f"fleurs_{part.lang}_{path.stem}")
            coverage.note(name, "unlisted", "left out", f"{path}: {tsv.name} has no line for it")
