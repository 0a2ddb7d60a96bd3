"""The GRID corpus (Cooke et al. 2006) as published: per-talker folders to Kaldi-style data dirs."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from espnet_av.atomic import atomic_write
from espnet_av.corpora.grid_files import GridFiles, find_files, read_align, sentence
from espnet_av.corpora.grid_split import SETS, Split, split_utterances
from espnet_av.data.data_dir import Segment, write_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError, MediaError
from espnet_av.media.audio import audio_seconds
from espnet_av.media.container import open_media
from espnet_av.progress import progress

logger = logging.getLogger(__name__)

_CTM_SLACK_SEC = 0.5


class Problem(NamedTuple):
    """One line of `prepare_report.tsv`."""

    utt_id: str
    reason: str
    action: str
    detail: str


@dataclass(frozen=True)
class Utterance:
    """What a data dir says of one sentence."""

    files: GridFiles
    text: str
    ctm: list[Segment] | None


def prepare_grid(
    root: str | Path, out_dir: str | Path, *, split: Split = "auto", max_dropped_ratio: float = 0.05
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` from a copy of GRID.

    Files are found wherever they lie below `root`, by the talker's folder (`s1` ... `s34`) and the
    six-letter name: video (`.mpg`, `.mp4`), sound (`.wav`; used where there is no video, as for
    talker 21, because the published 25 kHz files are not cut as the videos are) and word times
    (`.align`; without them the text is spelt out from the name and there is no `ctm`). Of
    several copies the one nearest to `root` is taken. Ids read `s1-bbaf2n`.

    Args:
        root: the corpus.
        out_dir: receives the sets and `prepare_report.tsv` (utterance, reason, action, detail).
        split: `lists` takes `root/{train,valid,test}.list` (one `bbaf2n` or `s1-bbaf2n` a line);
            `overlapped` takes 25.5 % of each talker's sentences for test and 5 % for validation;
            `unseen` takes talkers 1, 2, 20 and 22 for test and 5 % of each other talker for
            validation; both choose by a hash of the id. `auto` takes the lists if they are there,
            else `overlapped`.
        max_dropped_ratio: largest share of sentences that may be dropped.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no GRID files below `root`, no list files, an empty set.
        DroppedTooManyError: more sentences dropped than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    files, problems = find_files(root), []
    if not files:
        msg = (
            f"{root}: no GRID clip found; expected folders s1 ... s34 with files such as "
            "bbaf2n.mpg; set GRID= in db.sh to the folder that holds them"
        )
        raise DataDirError(msg)
    utterances: dict[str, Utterance] = {}
    for utt_id in progress(sorted(files), desc="grid", unit="clip"):
        utterance, found = _inspect(files[utt_id])
        problems += [Problem(utt_id, *item) for item in found]
        if utterance is not None:
            utterances[utt_id] = utterance
    sets = split_utterances(list(utterances), root, split)
    problems += [Problem(utt_id, "unlisted", "left out", "in no list") for utt_id in sets.unlisted]
    # An unreadable clip is reported as such already.
    present = {name for utt_id in files for name in (utt_id, utt_id.split("-")[1])}
    problems += [
        Problem(name, "missing", "dropped", "listed, no file")
        for name in sets.missing
        if name.split(": ")[1] not in present
    ]
    _report(problems, out_dir, len(files), max_dropped_ratio)
    for name in SETS:
        if not sets.ids[name]:
            msg = f"{root}: the {name} set would be empty under split '{split}'; take another split"
            raise DataDirError(msg)
        _write(out_dir / name, {utt_id: utterances[utt_id] for utt_id in sets.ids[name]})
    counts = {name: len(sets.ids[name]) for name in SETS}
    logger.info("grid: %s", ", ".join(f"{name} {count}" for name, count in counts.items()))
    return counts


def _inspect(files: GridFiles) -> tuple[Utterance | None, list[tuple[str, str, str]]]:
    """The utterance (None: unusable) and its problems as (reason, action, detail)."""
    problems: list[tuple[str, str, str]] = []
    if files.video is not None:
        try:
            with open_media(files.video, "video"):
                pass
        except MediaError as error:
            problems.append(("unreadable", "dropped", str(error)))
            return None, problems
    elif files.audio is None:
        problems.append(("no_media", "dropped", f"only {files.align} is there"))
        return None, problems
    text, ctm = sentence(files.name), None
    try:
        ctm = read_align(files.align) if files.align else None
    except ValueError as error:
        problems.append(("bad_align", "kept without times", str(error)))
    if ctm is None and files.align is None:
        problems.append(("no_align", "kept without times", "text spelt out from the name"))
    words = " ".join(segment.label for segment in ctm or [] if segment.label != "sil")
    if ctm is not None and words != text:
        problems.append(("text_mismatch", "kept with the name's text", f"{words} / {text}"))
        ctm = None
    try:
        ctm = _without_foreign_times(files, ctm)
    except MediaError as error:
        problems.append(("unreadable", "dropped", str(error)))
        return None, problems
    return Utterance(files, text, ctm), problems


def _without_foreign_times(files: GridFiles, ctm: list[Segment] | None) -> list[Segment] | None:
    """Drop times that reach beyond separate sound: they count from the video's beginning."""
    if files.video is not None or files.audio is None or ctm is None:
        return ctm
    end = ctm[-1].start + ctm[-1].duration
    return ctm if end <= audio_seconds(files.audio) + _CTM_SLACK_SEC else None


def _report(problems: list[Problem], out_dir: Path, total: int, max_dropped_ratio: float) -> None:
    with atomic_write(out_dir / "prepare_report.tsv") as stream:
        stream.write("\t".join(Problem._fields) + "\n")
        stream.writelines("\t".join(problem) + "\n" for problem in problems)
    for (reason, action), count in sorted(Counter((p.reason, p.action) for p in problems).items()):
        logger.warning("grid: %d of %d clips: %s, %s", count, total, reason, action)
    dropped = Counter(problem.reason for problem in problems if problem.action == "dropped")
    if dropped.total() > max_dropped_ratio * total:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(dropped.items()))
        msg = (
            f"{out_dir}/prepare_report.tsv: {dropped.total()} of {total} clips dropped "
            f"({reasons}), more than {max_dropped_ratio:.0%}; repair the corpus or raise "
            "max_dropped_ratio"
        )
        raise DroppedTooManyError(msg)


def _write(path: Path, utterances: dict[str, Utterance]) -> None:
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
