"""The GRID corpus (Cooke et al. 2006) as published: per-talker folders to Kaldi-style data dirs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem
from espnet_av.corpora.grid_files import GridFiles, find_files, read_align, sentence
from espnet_av.corpora.grid_split import SETS, Sets, Split, split_utterances
from espnet_av.corpora.grid_talkers import place_alignments
from espnet_av.corpora.probe import Media, probe_all
from espnet_av.data.data_dir import Segment, write_data_dir
from espnet_av.errors import DataDirError

logger = logging.getLogger(__name__)

_CTM_SLACK_SEC = 0.5
_PART = Part("all", "en")


@dataclass(frozen=True)
class GridUtterance:
    """What a data dir says of one sentence."""

    files: GridFiles
    text: str
    ctm: list[Segment] | None


def prepare_grid(
    root: str | Path,
    out_dir: str | Path,
    *,
    split: Split = "auto",
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` from a copy of GRID.

    Files are found wherever they lie below `root`, by the talker's folder (`s1` ... `s34`) and the
    six-letter name: video (`.mpg`, `.mp4`), sound (`.wav`; used where there is no video, as for
    talker 21, because the published 25 kHz files are not cut as the videos are) and word times
    (`.align`; without them the text is spelt out from the name and there is no `ctm`). Of
    several copies the one nearest to `root` is taken. Word times in another talker's folder are
    known by their names, and given back. Ids read `s1-bbaf2n`.

    Args:
        root: the corpus.
        out_dir: receives the sets, `prepare_report.tsv` (utterance, reason, action, detail) and
            `coverage.tsv`.
        split: `lists` takes `root/{train,valid,test}.list` (one `bbaf2n` or `s1-bbaf2n` a line);
            `overlapped` takes 25.5 % of each talker's sentences for test and 5 % for validation;
            `unseen` takes talkers 1, 2, 20 and 22 for test and 5 % of each other talker for
            validation; both choose by a hash of the id. `auto` takes the lists if they are there,
            else `overlapped`.
        max_missing_ratio: largest share of sentences that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no GRID files below `root`, no list files, an empty set.
        DroppedTooManyError: more sentences dropped than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    files, coverage = find_files(root), Coverage("grid")
    if not files:
        msg = (
            f"{root}: no GRID clip found; expected folders s1 ... s34 with files such as "
            "bbaf2n.mpg; set GRID= in db.sh to the folder that holds them"
        )
        raise DataDirError(msg)
    files, misplaced = place_alignments(files)
    for item in misplaced:
        action = f"read as those of {item.owner}" if item.owner else "left out"
        coverage.note(item.talker, "align_of_another", action, item.detail)
    paths = (source for item in files.values() if (source := item.video or item.audio))
    media = probe_all(paths, num_jobs=num_jobs, desc="grid: reading headers")
    utterances: dict[str, GridUtterance] = {}
    for utt_id in sorted(files):
        utterance = _inspect(utt_id, files[utt_id], media, coverage)
        if utterance is not None:
            utterances[utt_id] = utterance
    sets = split_utterances(list(utterances), root, split)
    _compare_lists(sets, files, coverage)
    coverage.finish(out_dir, max_missing_ratio)
    for name in SETS:
        if not sets.ids[name]:
            msg = f"{root}: the {name} set would be empty under split '{split}'; take another split"
            raise DataDirError(msg)
        _write(out_dir / name, {utt_id: utterances[utt_id] for utt_id in sets.ids[name]})
    counts = {name: len(sets.ids[name]) for name in SETS}
    logger.info("grid: %s", ", ".join(f"{name} {count}" for name, count in counts.items()))
    return counts


def _compare_lists(sets: Sets, files: dict[str, GridFiles], coverage: Coverage) -> None:
    """Report clips in no list, and lines of the lists without a clip."""
    for utt_id in sets.unlisted:
        coverage.note(utt_id, "unlisted", "left out", "in no list")
    # An unreadable clip is reported as such already.
    present = {name for utt_id in files for name in (utt_id, utt_id.split("-")[1])}
    for name in sets.missing:
        if name.split(": ")[1] not in present:
            problem = Problem(name, "missing", DROPPED, "listed, no file")
            coverage.lose(_PART, problem, "missing")


def _inspect(
    utt_id: str, files: GridFiles, media: dict[Path, Media], coverage: Coverage
) -> GridUtterance | None:
    """The utterance; None: unusable. Its faults go to `coverage`."""
    source = files.video or files.audio
    if source is None:
        detail = f"{files.align} is there, its clip is not"
        problem = Problem(utt_id, "no_media", DROPPED, detail)
        coverage.lose(_PART, problem, "missing")
        return None
    header = media[source]
    error = header.error
    if not error and not (header.has_video if files.video else header.has_audio):
        error = f"{source}: no {'picture' if files.video else 'sound'} in it"
    if error:
        coverage.lose(_PART, Problem(utt_id, "unreadable", DROPPED, error), "unreadable")
        return None
    coverage.found(_PART, header.seconds)
    ctm = _word_times(utt_id, files, coverage)
    # Times that reach beyond separate sound are not its own: they count from the video's beginning.
    if ctm and files.video is None:
        end = ctm[-1].start + ctm[-1].duration
        ctm = ctm if end <= header.seconds + _CTM_SLACK_SEC else None
    return GridUtterance(files, sentence(files.name), ctm)


def _word_times(utt_id: str, files: GridFiles, coverage: Coverage) -> list[Segment] | None:
    """Word times if they are there and spell the name's sentence."""
    if files.align is None:
        coverage.note(utt_id, "no_align", "kept without times", "text spelt out from the name")
        return None
    try:
        ctm = read_align(files.align)
    except ValueError as error:
        coverage.note(utt_id, "bad_align", "kept without times", str(error))
        return None
    words = " ".join(segment.label for segment in ctm if segment.label != "sil")
    text = sentence(files.name)
    if words != text:
        detail = f"{words} / {text}"
        coverage.note(utt_id, "text_mismatch", "kept with the name's text", detail)
        return None
    return ctm


def _write(path: Path, utterances: dict[str, GridUtterance]) -> None:
    tables: dict[str, dict[str, str]] = {
        "wav.scp": {key: str(u.files.video or u.files.audio) for key, u in utterances.items()},
        "video.scp": {
            key: str(u.files.video) for key, u in utterances.items() if u.files.video is not None
        },
        "text": {key: u.text for key, u in utterances.items()},
        "utt2spk": {key: u.files.talker for key, u in utterances.items()},
        "utt2lang": dict.fromkeys(utterances, "en"),
    }
    write_data_dir(path, tables, {key: u.ctm for key, u in utterances.items() if u.ctm})
