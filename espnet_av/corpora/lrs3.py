"""LRS3 (Afouras et al. 2018): talks in English, as face tracks with transcripts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from espnet_av.config import Seconds
from espnet_av.corpora.clip import Clip, FrameKind, make_id, survey, write_set
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.hold_out import hold_out, read_id_list
from espnet_av.corpora.lrs3_text import ClipText, read_clip_text
from espnet_av.corpora.parallel import parallel_map
from espnet_av.corpora.word_cuts import cut_at_words
from espnet_av.errors import DataDirError

PUBLISHED = {
    Part("pretrain", "en"): PublishedSize(118_516, 408),
    Part("trainval", "en"): PublishedSize(31_982, 30),
    Part("test", "en"): PublishedSize(1_321, 0.9),
}
"""Clips and hours of each folder (LRS3-TED, arXiv 1809.00496)."""
NUM_VALID_CLIPS = 1200
"""As many as AV-HuBERT holds out of trainval."""


class _Source(NamedTuple):
    """Files of one clip, found by listing folders."""

    clip: Clip
    place: str
    """Path below the corpus, without extension."""
    text: Path | None


def prepare_lrs3(
    root: str | Path,
    out_dir: str | Path,
    *,
    max_segment: Seconds = 15.0,
    valid_list: Path | None = None,
    landmarks_dir: Path | None = None,
    lowercase: bool = True,
    frames: FrameKind = "mouth",
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{pretrain,train_30h,train,valid,test}` from a copy of LRS3.

    `root/{pretrain,trainval,test}/<video>/<number>.{mp4,txt}` are read; sound extracted beside the
    video, or below `root/audio` with the same names, is used instead of the video's own. `train`
    (433 h) is `pretrain` and `train_30h` together; `train_30h` is trainval without `valid`. Ids
    read `lrs3_<video>-<folder>-<number>`; the speaker is `lrs3_<video>`.

    Args:
        root: the corpus.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        max_segment: clips of pretrain longer than this are cut at pauses between words into
            `segments`; those without word times stay whole.
        valid_list: clips of trainval for validation, one `<video>/<number>` a line; without it,
            1200 (at most a tenth) by a hash of their ids.
        landmarks_dir: face points as `<folder>/<video>/<number>.pkl`, one list a clip.
        lowercase: write texts in lower case.
        frames: what is written of pictures: `video.scp` for mouth clips, `film.scp` for full
            frames (clips without sound are dropped then), or both.
        max_missing_ratio: largest share of clips that may be missing, unreadable or without text.
        num_jobs: processes that read headers and texts.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no clip below `root`, or a list that is missing or names nothing.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    coverage = Coverage("lrs3", PUBLISHED)
    sources = [source for part in PUBLISHED for source in _find(root, part, landmarks_dir)]
    if not sources:
        msg = (
            f"{root}: no LRS3 clip found; expected pretrain/, trainval/ and test/ with folders of "
            "00001.mp4 and 00001.txt; set LRS3= in db.sh to the folder that holds them"
        )
        raise DataDirError(msg)
    texts = _read_texts(sources, coverage, num_jobs)
    clips = [
        dataclasses.replace(source.clip, text=texts[source.clip.utt_id].text, frames=frames)
        for source in sources
        if source.clip.utt_id in texts
    ]
    kept = survey(clips, coverage, num_jobs)
    places = {s.place: s.clip.utt_id for s in sources if s.clip.part.split == "trainval"}
    valid = _choose_valid(kept, places, valid_list, coverage)
    pieces = [piece for clip in kept for piece in _cut(clip, texts, max_segment, coverage)]
    sets: dict[str, list[Clip]] = {"pretrain": [], "train_30h": [], "valid": [], "test": []}
    for clip in pieces:
        name = "valid" if clip.utt_id in valid else clip.part.split
        text = clip.text.lower() if clip.text and lowercase else clip.text
        cased = dataclasses.replace(clip, text=text)
        sets["train_30h" if name == "trainval" else name].append(cased)
    sets["train"] = sets["pretrain"] + sets["train_30h"]
    coverage.finish(out_dir, max_missing_ratio)
    return {name: write_set(out_dir / name, clips) for name, clips in sets.items() if clips}


def _find(root: Path, part: Part, landmarks_dir: Path | None) -> Iterator[_Source]:
    """Clips of one folder, from the names in it and in the folder of extracted sound."""
    folder = root / part.split
    for video_dir in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not video_dir.is_dir() or video_dir.name.startswith("."):
            continue
        names = _names(video_dir)
        sound_dir = root / "audio" / part.split / video_dir.name
        sounds = {name: sound_dir / name for name in _names(sound_dir) if name.endswith(".wav")}
        sounds |= {name: video_dir / name for name in names if name.endswith(".wav")}
        stems = {Path(name).stem for name in names if name.endswith((".mp4", ".txt"))}
        speaker = make_id(f"lrs3_{video_dir.name}")
        for stem in sorted(stems | {Path(name).stem for name in sounds}):
            place = f"{part.split}/{video_dir.name}/{stem}"
            clip = Clip(
                utt_id=make_id(f"{speaker}-{part.split}-{stem}"),
                speaker=speaker,
                part=part,
                video=video_dir / f"{stem}.mp4",
                audio=sounds.get(f"{stem}.wav"),
                landmarks=landmarks_dir / f"{place}.pkl" if landmarks_dir else None,
            )
            text = video_dir / f"{stem}.txt" if f"{stem}.txt" in names else None
            yield _Source(clip, place, text)


def _names(folder: Path) -> set[str]:
    # Copies that went through a Mac carry a hidden twin of every file.
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def _read_texts(sources: list[_Source], coverage: Coverage, num_jobs: int) -> dict[str, ClipText]:
    """Texts by utterance; clips without one are reported and lost."""
    paths = [source.text for source in sources if source.text is not None]
    read = parallel_map(_try_text, paths, num_jobs=num_jobs, desc="lrs3: reading texts")
    by_path = dict(zip(paths, read, strict=True))
    texts: dict[str, ClipText] = {}
    for clip, _, path in sources:
        lose = partial(coverage.lose, clip.part, outcome="unusable")
        if path is None:
            lose(Problem(clip.utt_id, "no_text", DROPPED, f"{clip.video}: no .txt beside it"))
            continue
        text = by_path[path]
        if isinstance(text, str):
            lose(Problem(clip.utt_id, "bad_text", DROPPED, text))
        elif not text.text:
            lose(Problem(clip.utt_id, "empty_text", DROPPED, f"{path}: no word in it"))
        else:
            texts[clip.utt_id] = text
    return texts


def _try_text(path: Path) -> ClipText | str:
    try:
        return read_clip_text(path)
    except (ValueError, OSError) as error:
        return f"{path}: {error}"


def _choose_valid(
    kept: list[Clip], places: dict[str, str], valid_list: Path | None, coverage: Coverage
) -> set[str]:
    if valid_list is None:
        trainval = [clip.utt_id for clip in kept if clip.part.split == "trainval"]
        return hold_out(trainval, NUM_VALID_CLIPS)
    valid, unknown = read_id_list(valid_list, places)
    for name in unknown:
        problem = Problem(name, "missing", DROPPED, f"named in {valid_list}, not in trainval")
        coverage.lose(Part("trainval", "en"), problem, "missing")
    return valid


def _cut(
    clip: Clip, texts: dict[str, ClipText], max_segment: float, coverage: Coverage
) -> list[Clip]:
    """The clip, or its pieces where it is one of pretrain and longer than allowed."""
    if clip.part.split != "pretrain" or clip.seconds <= max_segment:
        return [clip]
    text = texts[clip.utt_id]
    if not text.words:
        detail = f"{clip.seconds:.1f} s, no word times"
        coverage.note(clip.utt_id, "long_without_times", "kept whole", detail)
        return [clip]
    if " ".join(word.word for word in text.words) != text.text:
        coverage.note(clip.utt_id, "text_mismatch", "kept with the words that have times", "")
    pieces, left_out = cut_at_words(text.words, clip.seconds, max_segment)
    for word in left_out:
        detail = f"'{word.word}' {word.start:.2f}-{word.end:.2f} s of {clip.seconds:.2f} s"
        coverage.note(clip.utt_id, "impossible_word_time", "kept without the word", detail)
    return [
        dataclasses.replace(
            clip,
            utt_id=f"{clip.utt_id}-{number:02d}",
            recording=clip.utt_id,
            span=(piece.start, piece.end),
            text=piece.text,
            seconds=piece.end - piece.start,
        )
        for number, piece in enumerate(pieces)
    ]
