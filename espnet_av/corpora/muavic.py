"""MuAViC (Anwar et al. 2023): talks in nine languages, with transcripts and translations."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey, write_set
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.languages import LANGUAGES, check_languages
from espnet_av.corpora.muavic_lists import ClipList, ListRow, Translate, find_lists, read_list
from espnet_av.corpora.translated import even

_AVSR_HOURS = (436, 16, 10, 25, 178, 176, 101, 153, 49)
PUBLISHED = {
    Part("train", lang): PublishedSize(hours=hours)
    for lang, hours in zip(LANGUAGES, _AVSR_HOURS, strict=True)
}
"""Hours of AVSR training data (MuAViC, arXiv 2303.00628)."""
PUBLISHED_TO_EN = {
    Part("train", lang): PublishedSize(hours=hours)
    for lang, hours in {"el": 25, "es": 178, "fr": 176, "it": 101, "pt": 153, "ru": 49}.items()
}
"""The same for speech translated into English, human and machine translations together."""
PUBLISHED_FROM_EN = {Part("train", "en"): PublishedSize(hours=437)}
"""The same for English speech: 17 + 420 h into Greek, 21 + 416 h into Spanish, and so on."""


def prepare_muavic(
    root: str | Path,
    out_dir: str | Path,
    *,
    languages: list[str] | None = None,
    translate: Translate = "none",
    metadata_dir: Path | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test_<lang>}` from what MuAViC's own tool makes.

    `root` (or `root/muavic`) holds `<lang>/{train,valid,test}.tsv`, transcripts `<split>.<lang>`
    and `<lang>/{video,audio}/<split>/<talk>/<clip>.{mp4,wav}`. The sound is the `.wav`, else the
    video's own; a clip without video (also: -1 frames in the list) is kept for its sound. Training
    and validation clips of all languages are together (`utt2lang` tells them apart). Ids read
    `<lang>_<talk>-<clip>`.

    Args:
        root: the corpus.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        languages: those spoken, or, for `from_en`, those translated into; all nine by default (six
            for translation).
        translate: `to_en` takes `<lang>/en/<split>_avst.tsv` with `.en` and writes `text.en` (sets
            `test_<lang>_en`); `from_en` takes `en/<lang>/<split>.tsv` with `.<lang>` and writes
            `text.<lang>` (sets `test_en_<lang>`). `text` keeps the transcript where all of a set
            have one.
        metadata_dir: landmarks as `<lang>/<split>/<talk>.pkl`; `root/metadata` by default.
            Clips that are mouth crops already (96 pixels) need none.
        max_missing_ratio: largest share of clips that may be incomplete or missing.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        ConfigError: an unknown language, or one without translations.
        DataDirError: a list is missing or does not fit its texts.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    base = root / "muavic" if (root / "muavic").is_dir() else root
    translated = [part.lang for part in PUBLISHED_TO_EN]
    asked = check_languages(languages, LANGUAGES if translate == "none" else translated)
    coverage = Coverage("muavic", _published(asked, translate))
    clips: dict[str, Clip] = {}
    stems: set[tuple[str, str]] = set()
    for item in find_lists(base, asked, translate):
        transcripts = _transcripts(base, item)
        for row in read_list(base, item):
            clip = _clip(row, item, metadata_dir or root / "metadata", transcripts)
            stems.add((row.talk, row.segment))
            _add(clips, clip, item, coverage)
    kept = survey(list(clips.values()), coverage, num_jobs)
    _note_revived(kept, coverage)
    if translate == "none":
        _note_unlisted(base, asked, stems, coverage)
    sets: dict[str, list[Clip]] = {}
    for clip in kept:
        if clip.text is None:
            coverage.note(clip.utt_id, "no_transcript", "kept with its translation", clip.origin)
        for name, one in _sets_of(clip, translate):
            sets.setdefault(name, []).append(one)
    coverage.finish(out_dir, max_missing_ratio)
    return {name: write_set(out_dir / name, even(clips, name)) for name, clips in sets.items()}


def _published(languages: Sequence[str], translate: Translate) -> dict[Part, PublishedSize]:
    if translate == "from_en":
        return PUBLISHED_FROM_EN
    table = PUBLISHED if translate == "none" else PUBLISHED_TO_EN
    return {part: size for part, size in table.items() if part.lang in languages}


def _transcripts(base: Path, item: ClipList) -> dict[tuple[str, str], str]:
    """Transcripts of a list of translations, by talk and clip, where there are any."""
    if item.target is None:
        return {}
    folder = base / item.lang
    tsv, text = folder / f"{item.split}.tsv", folder / f"{item.split}.{item.lang}"
    if not (tsv.is_file() and text.is_file()):
        return {}
    rows = read_list(base, ClipList(item.lang, item.split, tsv, text, None))
    return {(row.talk, row.segment): row.text for row in rows}


def _clip(
    row: ListRow, item: ClipList, metadata_dir: Path, transcripts: dict[tuple[str, str], str]
) -> Clip:
    speaker = make_id(f"{item.lang}_{row.talk}")
    text = transcripts.get((row.talk, row.segment)) if item.target else row.text
    return Clip(
        utt_id=f"{speaker}-{make_id(row.segment.removeprefix(f'{row.talk}_'))}",
        speaker=speaker,
        part=Part(item.split, item.lang),
        video=row.video,
        audio=row.audio,
        text=text or None,
        translations={item.target: row.text} if item.target and row.text else {},
        landmarks=metadata_dir / item.lang / item.split / f"{row.talk}.pkl",
        landmarks_key=row.segment,
        origin=row.origin,
    )


def _add(clips: dict[str, Clip], clip: Clip, item: ClipList, coverage: Coverage) -> None:
    """Put a clip among the others; one that more lists translate gets all its translations."""
    if not (clip.translations if item.target else clip.text):
        problem = Problem(clip.utt_id, "no_text", DROPPED, f"{item.text}: empty ({clip.origin})")
        coverage.lose(clip.part, problem, "unusable")
        return
    other = clips.get(clip.utt_id)
    if other is None:
        clips[clip.utt_id] = clip
    elif item.target and item.target not in other.translations and other.part == clip.part:
        translations = other.translations | clip.translations
        clips[clip.utt_id] = dataclasses.replace(other, translations=translations)
    else:
        detail = f"{clip.origin}: the same clip as {other.origin}"
        coverage.lose(clip.part, Problem(clip.utt_id, "duplicate_id", DROPPED, detail), "unusable")


def _note_revived(kept: list[Clip], coverage: Coverage) -> None:
    """Report rows that count no frame though the video is there."""
    for clip in kept:
        if clip.video is not None and clip.origin.endswith(" frames"):
            coverage.note(clip.utt_id, "no_frames", "kept, the video is there", clip.origin)


def _note_unlisted(
    base: Path, languages: Sequence[str], listed: set[tuple[str, str]], coverage: Coverage
) -> None:
    """Report clips on disk that no list names, and so have no transcript."""
    for lang in languages:
        for path in visible_files(base / lang / "video", [".mp4"]):
            if (path.parent.name, path.stem) not in listed:
                detail = f"{path}: no list names it, so it has no transcript"
                coverage.note(f"{lang}_{path.stem}", "unlisted", "left out", detail)


def _sets_of(clip: Clip, translate: Translate) -> Iterator[tuple[str, Clip]]:
    """Names of the sets a clip is in, and the clip as it is there."""
    if clip.part.split != "test":
        yield clip.part.split, clip
    elif translate == "none":
        yield f"test_{clip.part.lang}", clip
    else:
        for target, text in clip.translations.items():
            one = dataclasses.replace(clip, translations={target: text})
            yield f"test_{clip.part.lang}_{target}", one
