"""Fluent Speech Commands (Lugosch et al. 2019): spoken commands, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.csv_list import read_csv
from espnet_av.corpora.labels import SEPARATOR, note_new_labels
from espnet_av.corpora.translated import write_even_sets
from espnet_av.rates import SAMPLE_RATE

SLOTS = ("action", "object", "location")
_LANG = "en"
PUBLISHED = {
    Part("train", _LANG): PublishedSize(23_132, 14.7),
    Part("valid", _LANG): PublishedSize(3_118, 1.9),
    Part("test", _LANG): PublishedSize(3_793, 2.4),
}
"""Commands and hours of each list."""
_COLUMNS = ("path", "speakerId", "transcription", *SLOTS)


def prepare_fluent_speech_commands(
    root: str | Path,
    out_dir: str | Path,
    *,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` from a copy of Fluent Speech Commands, with `utt2label`.

    `root/data/{train,valid,test}_data.csv` list commands, the sound is
    `root/wavs/speakers/<speaker>/<name>.wav`. A label is `<action>|<object>|<location>`, such as
    `activate|lights|kitchen`. Ids read `fluent_<speaker>-<name>`.

    Args:
        root: the unpacked archive.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        max_missing_ratio: largest share of commands that may be missing, unreadable or unlabelled.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: a missing list, or one without the columns.
        DroppedTooManyError: more is missing than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    coverage = Coverage("fluent_speech_commands", PUBLISHED)
    clips = [clip for part in PUBLISHED for clip in _read(root, part, coverage)]
    kept = survey(clips, coverage, num_jobs)
    note_new_labels(kept, SLOTS, coverage)
    coverage.finish(out_dir, max_missing_ratio)
    return write_even_sets(out_dir, kept)


def _read(root: Path, part: Part, coverage: Coverage) -> Iterator[Clip]:
    for where, row in read_csv(root / "data" / f"{part.split}_data.csv", _COLUMNS):
        speaker = make_id(f"fluent_{row['speakerId']}")
        utt_id = f"{speaker}-{make_id(Path(row['path']).stem)}"
        values = [row[slot].strip() for slot in SLOTS]
        if not all(values) or any(SEPARATOR in value for value in values):
            told = f"{where}: expected a value of {', '.join(SLOTS)}, got {values}"
            coverage.lose(part, Problem(utt_id, "no_label", DROPPED, told), "unusable")
            continue
        yield Clip(
            utt_id=utt_id,
            speaker=speaker,
            part=part,
            audio=root / row["path"],
            fs=(SAMPLE_RATE,),
            text=" ".join(row["transcription"].split()) or None,
            label=SEPARATOR.join(values),
            origin=where,
        )
