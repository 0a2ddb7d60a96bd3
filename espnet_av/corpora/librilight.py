"""Libri-Light (Kahn et al. 2020): audio books without transcripts, with stretches of speech."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase
from typing import NamedTuple

from espnet_av.corpora.clip import Clip, make_id, survey, write_set
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.hold_out import hold_out
from espnet_av.corpora.speech_cuts import SpeechSpan, cut_at_pauses
from espnet_av.corpora.talker_sample import deal_talkers, sample_talkers, write_talkers
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.rates import SAMPLE_RATE
from espnet_av.text_file import read_json

PARTS = ("small", "medium", "large", "duplicate")
PUBLISHED = {
    Part("small", "en"): PublishedSize(hours=577),
    Part("medium", "en"): PublishedSize(hours=5193),
    Part("large", "en"): PublishedSize(hours=51_934),
}
NUM_HELD_OUT = 2
"""Speakers that stand in for a validation set, of a tenth at most."""
_FS = (SAMPLE_RATE,)


def prepare_librilight(
    root: str | Path,
    out_dir: str | Path,
    *,
    hours: float | None = None,
    hours_per_speaker: float | None = None,
    seed: int = 0,
    min_sec: float = 2.0,
    max_sec: float = 20.0,
    valid_speakers: int = NUM_HELD_OUT,
    parts: int = 1,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid}` from a copy of Libri-Light; there is no `text`.

    `root[/small|medium|large]/<speaker>/<book>/<file>.flac` are cut into `segments` at pauses, by
    `voice_activity` of the `.json` beside each. Ids read `librilight_<speaker>-<book>_<file>-<n>`.
    What was chosen is written to `out_dir/speakers.tsv`.

    Args:
        root: the folder of `small` and so on, or one of these.
        out_dir: receives the sets, `prepare_report.tsv`, `coverage.tsv` and `speakers.tsv`.
        hours: how much is taken, of whole speakers in random order; by default all.
        hours_per_speaker: of each at most; by default all.
        seed: of the order, and of what is drawn of a speaker.
        min_sec: shorter stretches are left out.
        max_sec: longest piece.
        valid_speakers: whose pieces are held out, a tenth of the speakers at most.
        parts: `train` is written as so many sets, `train_a`, `train_b`, ..., of as many hours and
            of other speakers each: what two languages share the hours of one with.
        max_missing_ratio: largest share of recordings that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        ConfigError: fewer hours are there than asked for.
        DataDirError: no recording below `root`.
        DroppedTooManyError: more is missing or wrong than allowed.
    """
    check_lengths(min_sec, max_sec)
    root, out_dir = Path(root).absolute(), Path(out_dir)
    coverage = Coverage("librilight")
    clips: list[Clip] = []
    for path in visible_files(root, [".json"]):
        clips += _read(root, path, coverage, (min_sec, max_sec))
    if not coverage.tallies and not clips:
        msg = f"{root}: no <speaker>/<book>/<file>.json below it; set LIBRILIGHT= in db.sh to the "
        raise DataDirError(msg + "unpacked small, medium or large, or the folder of these")
    # Who has the small part alone has all of what was asked for.
    parts_there = {clip.part for clip in clips}
    coverage.published = {part: size for part, size in PUBLISHED.items() if part in parts_there}
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    sample = TalkerSample(hours, hours_per_speaker, seed, valid_speakers, parts)
    return write_sampled(out_dir, kept, sample)


def check_lengths(min_sec: float, max_sec: float) -> None:
    """Check lengths of pieces.

    Raises:
        ConfigError: the longest is not longer than the shortest.
    """
    if not 0 < min_sec < max_sec:
        msg = f"min_sec {min_sec} must be above 0 and below max_sec {max_sec}"
        raise ConfigError(msg)


class TalkerSample(NamedTuple):
    """What of a corpus is taken; see `prepare_librilight`."""

    hours: float | None
    hours_per_speaker: float | None
    seed: int
    valid_speakers: int
    parts: int


def write_sampled(out_dir: Path, clips: list[Clip], sample: TalkerSample) -> dict[str, int]:
    """Write `train` and `valid` of chosen speakers, and the list of these.

    Raises:
        ConfigError: there are not as many hours, or no sets to write.
    """
    if not 1 <= sample.parts <= len(ascii_lowercase):
        msg = f"parts is {sample.parts}; from 1 to {len(ascii_lowercase)}"
        raise ConfigError(msg)
    chosen = sample_talkers(clips, sample.hours, sample.hours_per_speaker, sample.seed)
    speakers = {clip.speaker for clip in chosen}
    # One speaker alone is trained on.
    held_out = hold_out(speakers, sample.valid_speakers) if len(speakers) > 1 else set()
    write_talkers(out_dir / "speakers.tsv", chosen, sample._asdict())
    train = [clip for clip in chosen if clip.speaker not in held_out]
    sets = {"train": train}
    if sample.parts > 1:
        dealt = deal_talkers(train, sample.parts)
        sets = {f"train_{letter}": own for letter, own in zip(ascii_lowercase, dealt, strict=False)}
    sets["valid"] = [clip for clip in chosen if clip.speaker in held_out]
    return {name: write_set(out_dir / name, own) for name, own in sets.items() if own}


def _read(
    root: Path, path: Path, coverage: Coverage, lengths: tuple[float, float]
) -> Iterator[Clip]:
    """The pieces of one recording."""
    book, speaker = path.parent.name, make_id(f"librilight_{path.parents[1].name}")
    name = f"{speaker}-{make_id(f'{book}_{path.stem}')}"
    part = Part(next((p for p in path.relative_to(root).parts if p in PARTS), root.name), "en")
    try:
        speech = _voice_activity(path)
    except DataDirError as error:
        coverage.lose(part, Problem(name, "bad_json", DROPPED, str(error)), "unusable")
        return
    pieces = cut_at_pauses(speech, *lengths)
    if not pieces:
        told = f"{path}: {len(speech)} stretches of speech, none of {lengths[0]:g} s"
        coverage.lose(part, Problem(name, "no_speech", DROPPED, told), "unusable")
    for number, span in enumerate(pieces):
        yield Clip(
            utt_id=f"{name}-{number:04d}",
            speaker=speaker,
            part=part,
            audio=path.with_suffix(".flac"),
            fs=_FS,
            recording=name,
            span=span,
            origin=str(path),
        )


def _voice_activity(path: Path) -> list[SpeechSpan]:
    """Where somebody speaks."""
    cure = "fetch it again"
    told = read_json(path, DataDirError, cure).get("voice_activity")
    try:
        spans = [(float(start), float(end)) for start, end in told]  # type: ignore[union-attr]
    except (TypeError, ValueError) as error:
        msg = f"{path}: voice_activity is no list of start and end ({error}); {cure}"
        raise DataDirError(msg) from error
    for start, end in spans:
        if not 0 <= start <= end < float("inf"):
            msg = f"{path}: voice_activity from {start} to {end} s; {cure}"
            raise DataDirError(msg)
    return spans
