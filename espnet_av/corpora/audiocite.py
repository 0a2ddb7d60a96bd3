"""Audiocite.net (OpenSLR 139): French audio books without transcripts, of few speakers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.librilight import TalkerSample, check_lengths, write_sampled
from espnet_av.corpora.parallel import parallel_map
from espnet_av.corpora.speech_cuts import cut_at_pauses
from espnet_av.corpora.speech_stretches import Recording, find_stretches
from espnet_av.corpora.talker_sample import draw_talkers
from espnet_av.corpora.tsv import read_headed_tsv
from espnet_av.errors import DataDirError

PUBLISHED = PublishedSize(hours=6682)
"""Hours, of 130 speakers."""
_SUFFIXES = (".wav", ".mp3", ".flac", ".ogg", ".m4a")
_PART = Part("all", "fr")
_COLUMNS = ("file", "speaker")
_MARGIN = 1.5
"""So much more sound is looked at than speech is asked for: books have pauses."""


def prepare_audiocite(
    root: str | Path,
    out_dir: str | Path,
    *,
    speakers: Path | None = None,
    hours: float | None = None,
    hours_per_speaker: float | None = 50.0,
    seed: int = 0,
    min_sec: float = 2.0,
    max_sec: float = 20.0,
    valid_speakers: int = 2,
    parts: int = 1,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid}` from a copy of Audiocite.net; there is no `text`.

    Recordings are sound files anywhere below `root`. They are cut into `segments` of 2 to 20 s at
    pauses, which are found by energy (`out_dir/vad/` keeps where somebody speaks). Ids read
    `audiocite_<speaker>-<file>-<n>`. A few speakers have most of the hours, so each gives 50 at
    most. What was chosen is written to `out_dir/speakers.tsv`.

    Args:
        root: the unpacked archives.
        out_dir: receives the sets, `prepare_report.tsv`, `coverage.tsv` and `speakers.tsv`.
        speakers: table parted by tabs with columns `file` and `speaker`, where a file is the last
            part of a path; without it the folder below `root` that holds a recording is its
            speaker.
        hours: how much is taken, of whole speakers in random order; by default all.
        hours_per_speaker: of each at most; null: all.
        seed: of the order, and of what is drawn of a speaker.
        min_sec: shorter stretches are left out.
        max_sec: longest piece.
        valid_speakers: whose pieces are held out, a tenth of the speakers at most.
        parts: `train` is written as so many sets, `train_a`, `train_b`, ..., of as many hours and
            of other speakers each.
        max_missing_ratio: largest share of recordings that may be unreadable or silent.
        num_jobs: processes that look for speech.

    Returns:
        Utterances per set.

    Raises:
        ConfigError: fewer hours are there than asked for.
        DataDirError: no recording below `root`, or a table without the columns.
        DroppedTooManyError: more is unreadable than allowed.
    """
    check_lengths(min_sec, max_sec)
    root, out_dir = Path(root).absolute(), Path(out_dir)
    paths = visible_files(root, _SUFFIXES)
    if not paths:
        msg = f"{root}: no sound file ({', '.join(_SUFFIXES)}) in it or below; set AUDIOCITE= in "
        raise DataDirError(msg + "db.sh to the unpacked archives")
    known = None if speakers is None else _read_speakers(Path(speakers))
    coverage = Coverage("audiocite", total=PUBLISHED)
    found = _survey([_recording(root, path, known) for path in paths], coverage, num_jobs)
    limits = (hours and hours * _MARGIN, hours_per_speaker and hours_per_speaker * _MARGIN)
    looked_at = draw_talkers(found, *limits, seed)
    pieces = _pieces(looked_at, out_dir / "vad", coverage, (min_sec, max_sec), num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    sample = TalkerSample(hours, hours_per_speaker, seed, valid_speakers, parts)
    return write_sampled(out_dir, pieces, sample)


def _recording(root: Path, path: Path, known: Mapping[str, str] | None) -> Clip:
    place = path.relative_to(root)
    # Archives unpack into a folder of all; a speaker's own folder is the one with the recording.
    folder = place.parts[-2] if len(place.parts) > 1 else root.name
    talker = folder if known is None else known.get(path.name) or known.get(path.stem) or "unknown"
    speaker = make_id(f"audiocite_{talker}")
    return Clip(
        utt_id=f"{speaker}-{make_id(str(place.with_suffix('')))}",
        speaker=speaker,
        part=_PART,
        audio=path,
    )


def _survey(recordings: Sequence[Clip], coverage: Coverage, num_jobs: int) -> list[Clip]:
    """The recordings that can be read; what is found is counted once it is cut."""
    headers = Coverage("audiocite")
    found = survey(recordings, headers, num_jobs)
    for problem in headers.problems:
        coverage.lose(_PART, problem, "unreadable")
    there = {clip.utt_id for clip in found}
    for clip in recordings:
        if clip.utt_id not in there and clip.audio is not None:
            coverage.lack(clip.audio)
    return found


def _pieces(
    recordings: Sequence[Clip],
    cache: Path,
    coverage: Coverage,
    lengths: tuple[float, float],
    num_jobs: int,
) -> list[Clip]:
    """Cut recordings where nobody speaks."""
    tasks = [
        Recording(Path(str(clip.audio)), clip.seconds, cache / f"{clip.utt_id}.json")
        for clip in recordings
    ]
    found = parallel_map(
        find_stretches, tasks, num_jobs=num_jobs, desc="audiocite: speech", chunk=1
    )
    pieces: list[Clip] = []
    for clip, stretches in zip(recordings, found, strict=True):
        spans = cut_at_pauses(stretches.spans, *lengths)
        if not spans:
            reason = "unreadable" if stretches.error else "no_speech"
            told = stretches.error or f"{clip.audio}: nobody speaks for {lengths[0]:g} s"
            problem = Problem(clip.utt_id, reason, DROPPED, told)
            coverage.lose(_PART, problem, "unreadable" if stretches.error else "unusable")
        for number, span in enumerate(spans):
            seconds = span[1] - span[0]
            coverage.found(_PART, seconds)
            pieces.append(
                dataclasses.replace(
                    clip,
                    utt_id=f"{clip.utt_id}-{number:05d}",
                    recording=clip.utt_id,
                    span=span,
                    seconds=seconds,
                )
            )
    return pieces


def _read_speakers(path: Path) -> dict[str, str]:
    """Last part of a path -> speaker."""
    header, rows = read_headed_tsv(path)
    lacking = [name for name in _COLUMNS if name not in header]
    if lacking:
        msg = f"{path}:1: no column {', '.join(lacking)}, parted by tabs, but {' '.join(header)}"
        raise DataDirError(msg)
    file, speaker = (header.index(name) for name in _COLUMNS)
    known: dict[str, str] = {}
    for number, row in rows:
        if len(row) <= max(file, speaker):
            msg = f"{path}:{number}: {len(row)} columns, the header has {len(header)}"
            raise DataDirError(msg)
        known[Path(row[file]).name] = row[speaker]
    return known
