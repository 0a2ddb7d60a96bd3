"""Talks with transcripts and translations in the layout that MuST-C and mTEDx share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from espnet_av.corpora.clip import Clip, make_id, survey
from espnet_av.corpora.coverage import DROPPED, Coverage, Problem, PublishedSize
from espnet_av.corpora.files import file_of, list_names
from espnet_av.corpora.talk_list import TalkSegment, read_aligned, read_talk_list
from espnet_av.corpora.translated import add_translation, check_pairs, pair_part, write_even_sets
from espnet_av.errors import DataDirError


class TalkCorpus(NamedTuple):
    """What differs between the two."""

    name: str
    splits: Mapping[str, str]
    """Published name -> ours."""
    suffixes: Sequence[str]
    """Of the files of sound: as they are given out, and as they may be converted."""
    variable: str
    """Of `db.sh`."""
    hours: Mapping[str, int]
    """Published, of all splits of a pair together."""


def prepare_talks(
    corpus: TalkCorpus,
    root: Path,
    out_dir: Path,
    pairs: list[str] | None,
    max_missing_ratio: float,
    num_jobs: int,
) -> dict[str, int]:
    """Write one set for each split and pair of languages; see `prepare_mustc`."""
    present = {
        path.parent.name.replace("-", "_"): path
        for path in sorted(root.glob("*-*/data"))
        if any((path / split).is_dir() for split in corpus.splits)
    }
    if not present:
        msg = (
            f"{root}: no pair of languages found; expected <source>-<target>/data/<split> with "
            f"wav/ and txt/; set {corpus.variable}= in db.sh to the folder of the unpacked archives"
        )
        raise DataDirError(msg)
    asked = check_pairs(pairs, present, root)
    known = all(pair in corpus.hours for pair in asked)
    total = PublishedSize(hours=sum(corpus.hours[pair] for pair in asked)) if known else None
    coverage = Coverage(corpus.name, total=total)
    clips: list[Clip] = []
    for pair in asked:
        for split in corpus.splits:
            if (present[pair] / split).is_dir():
                clips += _read(corpus, present[pair] / split, pair, coverage)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_even_sets(out_dir, kept)


def _read(corpus: TalkCorpus, folder: Path, pair: str, coverage: Coverage) -> Iterator[Clip]:
    source, _, target = pair.partition("_")
    split, texts = folder.name, folder / "txt"
    listed = texts / f"{split}.yaml"
    segments = read_talk_list(listed)
    said = read_aligned(texts / f"{split}.{source}", len(segments), listed)
    told = said
    if target != source:
        told = read_aligned(texts / f"{split}.{target}", len(segments), listed)
    part, there = pair_part(corpus.splits[split], source, target), list_names(folder / "wav")
    for number, (segment, transcript, text) in enumerate(zip(segments, said, told, strict=True)):
        if isinstance(segment, str):
            name = make_id(f"{corpus.name}_{pair}_{split}-{number + 1}")
            coverage.lose(part, Problem(name, "bad_segment", DROPPED, segment), "unusable")
            continue
        talk = make_id(f"{corpus.name}_{segment.talk}")
        clip = Clip(
            utt_id=f"{talk}-{_span_name(segment)}",
            speaker=make_id(f"{corpus.name}_{segment.speaker}") if segment.speaker else talk,
            part=part,
            audio=file_of(folder / "wav", segment.talk, corpus.suffixes, there),
            text=transcript,
            # Each pair has files of its own.
            recording=f"{talk}-{pair}",
            span=(segment.start, segment.end),
            origin=segment.origin,
        )
        made = add_translation(clip, target, text, coverage)
        if made is not None:
            yield made


def _span_name(segment: TalkSegment) -> str:
    return "-".join(f"{round(1000 * time):07d}" for time in (segment.start, segment.end))
