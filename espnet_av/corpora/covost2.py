"""CoVoST-2 (Wang et al. 2020): translations of sentences of Common Voice, from and into English."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from espnet_av.corpora.clip import Clip, make_id, survey
from espnet_av.corpora.common_voice import FS, STRAY_TAB, Sentence, ids_of, read_sentences
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize, write_rows
from espnet_av.corpora.translated import add_translation, check_pairs, pair_part, write_even_sets
from espnet_av.corpora.tsv import join_surplus, read_escaped_tsv
from espnet_av.errors import DataDirError

logger = logging.getLogger(__name__)

SPLITS = {"train": "train", "train_covost": "train", "dev": "valid", "test": "test"}
"""Published name -> ours."""
PUBLISHED_TO_EN = {
    "fr": 264, "de": 184, "ca": 136, "es": 113, "fa": 49, "it": 44, "ru": 18, "pt": 10, "zh-CN": 10,
    "nl": 7, "tr": 4, "et": 3, "mn": 3, "ar": 2, "sv-SE": 2, "lv": 2, "sl": 2, "ta": 2, "ja": 2,
    "id": 2, "cy": 2,
}  # fmt: skip
"""Hours of `train` by language (arXiv 2007.10310)."""
PUBLISHED_FROM_EN = 430
"""Hours of `train` in English, the same for all targets."""
_LIST = re.compile(r"covost_v2\.([A-Za-z-]+_[A-Za-z-]+)\.tsv")
_COLUMNS = ("path", "translation", "split")


class _Translation(NamedTuple):
    name: str
    """Of the clip, without its suffix."""
    text: str
    split: str
    has_stray_tab: bool
    origin: str


def prepare_covost2(
    common_voice: str | Path,
    covost: str | Path,
    out_dir: str | Path,
    *,
    pairs: list[str] | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}_<source>_<target>`; sound alone.

    The lists `covost_v2.<source>_<target>.tsv` (in `covost` or folders in it) name clips of Common
    Voice 4, whose sentence and sound are those of `common_voice/<source>/validated.tsv` and
    `clips/` of any release. What a later release has no more is reported as missing, and
    `out_dir/join.tsv` says which share of each list it has. `text` is the sentence, `text.<target>`
    the translation, `utt2target` its language. Ids are those of Common Voice and the target,
    `cv_fr_<volunteer>-<file>-en`, so that sets can be combined.

    Args:
        common_voice: a full release; delta releases have no `validated.tsv`.
        covost: the unpacked lists.
        out_dir: receives the sets, `prepare_report.tsv`, `coverage.tsv` and `join.tsv`.
        pairs: those to read, as `fr_en` or `en_de`; by default every list that is there.
        max_missing_ratio: largest share of clips that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no list, a pair that has none, or one without the columns.
        DroppedTooManyError: more is missing than allowed.
    """
    release, covost, out_dir = Path(common_voice).absolute(), Path(covost).absolute(), Path(out_dir)
    lists = _find_lists(covost)
    asked: dict[str, list[str]] = {}
    sizes: dict[Part, PublishedSize] = {}
    for pair in check_pairs(pairs, lists, covost):
        source, _, target = pair.partition("_")
        asked.setdefault(source, []).append(target)
        hours = PUBLISHED_FROM_EN if source == "en" else PUBLISHED_TO_EN.get(source)
        sizes[pair_part("train", source, target)] = PublishedSize(hours=hours)
    coverage = Coverage("covost2", sizes)
    clips: list[Clip] = []
    joined: list[tuple[str, ...]] = []
    for source, targets in asked.items():
        rows = {t: list(_read_list(lists[f"{source}_{t}"], coverage)) for t in targets}
        sentences = _read_release(release / source, rows)
        for target, told in rows.items():
            clips += _join(release / source, target, told, sentences, coverage)
            joined.append(_rate(source, target, told, sentences))
    write_rows(out_dir / "join.tsv", ("pair", "listed", "in_validated", "percent"), joined)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_even_sets(out_dir, kept)


def _find_lists(covost: Path) -> dict[str, Path]:
    """Pair -> list."""
    paths = [
        path for depth in ("", "*/", "*/*/") for path in covost.glob(f"{depth}covost_v2.*.tsv")
    ]
    found = {match[1]: path for path in paths if (match := _LIST.fullmatch(path.name))}
    if not found:
        msg = (
            f"{covost}: no list such as covost_v2.fr_en.tsv; unpack covost_v2.*.tsv.tar.gz there, "
            "and set COVOST2= in db.sh to that folder"
        )
        raise DataDirError(msg)
    return dict(sorted(found.items()))


def _read_list(tsv: Path, coverage: Coverage) -> Iterator[_Translation]:
    header, rows = read_escaped_tsv(tsv)
    lacking = [name for name in _COLUMNS if name not in header]
    if lacking:
        msg = f"{tsv}:1: no column {', '.join(lacking)}; is this a list of CoVoST-2?"
        raise DataDirError(msg)
    path, translation, split = (header.index(name) for name in _COLUMNS)
    for number, found in rows:
        row, where = join_surplus(found, len(header), translation), f"{tsv}:{number}"
        if len(row) < len(header):
            msg = f"{where}: {len(row)} columns, the header has {len(header)}; fetch the list again"
            raise DataDirError(msg)
        name = row[path].removesuffix(".mp3")
        if row[split] not in SPLITS:
            coverage.note(make_id(name), "other_split", "left out", f"{where}: '{row[split]}'")
            continue
        stray = row[translation] != found[translation]
        yield _Translation(name, row[translation], row[split], stray, where)


def _read_release(folder: Path, rows: Mapping[str, Sequence[_Translation]]) -> dict[str, Sentence]:
    """Name of a clip -> its sentence, for those that the lists name."""
    tsv = folder / "validated.tsv"
    if not tsv.is_file():
        msg = (
            f"{tsv}: no such list, which delta releases lack; fetch a full release of "
            f"{folder.name}, or leave its pairs out with --pairs"
        )
        raise DataDirError(msg)
    named = {row.name for told in rows.values() for row in told}
    return {said.name: said for said in read_sentences(tsv) if said.name in named}


def _join(
    folder: Path,
    target: str,
    rows: Sequence[_Translation],
    sentences: Mapping[str, Sentence],
    coverage: Coverage,
) -> Iterator[Clip]:
    source = folder.name
    for row in rows:
        part = pair_part(SPLITS[row.split], source, target)
        said = sentences.get(row.name)
        if said is None:
            name = make_id(f"cv_{source}_{row.name}-{target}")
            detail = f"{row.origin}: {row.name} is not in {folder / 'validated.tsv'}"
            coverage.lose(part, Problem(name, "not_in_release", DROPPED, detail), "missing")
            continue
        speaker, utt_id = ids_of(source, said)
        clip = Clip(
            utt_id=utt_id,
            speaker=speaker,
            part=part,
            audio=folder / "clips" / f"{row.name}.mp3",
            fs=FS,
            text=said.text,
            origin=row.origin,
        )
        made = add_translation(clip, target, row.text, coverage)
        if made is not None:
            if said.has_stray_tab or row.has_stray_tab:
                place = row.origin if row.has_stray_tab else said.origin
                coverage.note(made.utt_id, *STRAY_TAB, place)
            yield made


def _rate(
    source: str, target: str, rows: Sequence[_Translation], sentences: Mapping[str, Sentence]
) -> tuple[str, ...]:
    """How much of a list the release has, for `join.tsv`."""
    there = sum(row.name in sentences for row in rows)
    percent = f"{100 * there / max(len(rows), 1):.2f}"
    pair = f"{source}_{target}"
    logger.info("covost2: %s: %d of %d clips in validated.tsv (%s %%)", pair, there, len(rows),
                percent)  # fmt: skip
    return pair, str(len(rows)), str(there), percent
