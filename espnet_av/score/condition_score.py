"""Error rates of one decoded condition."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.data.table import parse_table, raise_problems, sort_key
from espnet_av.errors import DataDirError
from espnet_av.score.bootstrap import bootstrap_interval
from espnet_av.score.edits import EditCounts, Unit, UtteranceAlignment, align
from espnet_av.search.results_dir import DONE, INFO

UNITS: tuple[Unit, ...] = ("wer", "cer")


@dataclass(frozen=True)
class ConditionScore:
    """One condition with its alignments."""

    folder: Path
    info: dict[str, Any]
    """What decoding recorded (`decode.json`)."""
    alignments: dict[Unit, list[UtteranceAlignment]]
    groups: dict[str, dict[str, str]]
    """Table name (`utt2lang`) -> utterance -> group, for tables with at least two groups."""


def find_conditions(decode_dir: Path) -> list[Path]:
    """Folders of finished conditions below a decoding folder, in order of their names.

    Raises:
        DataDirError: there is none, or one is unfinished.
    """
    folders = sorted(path.parent for path in decode_dir.glob(f"*/*/{INFO}"))
    if not folders:
        msg = f"{decode_dir}: no decoded condition below; run the decode stage (10) first"
        raise DataDirError(msg)
    for folder in folders:
        if not (folder / DONE).is_file():
            msg = f"{folder}: decoding did not finish; run the decode stage (10) again"
            raise DataDirError(msg)
    return folders


def score_condition(folder: Path, normalise: Callable[[str], str]) -> ConditionScore:
    """Align the hypotheses of a condition with its references.

    Raises:
        DataDirError: no references, an empty one, a missing hypothesis; file and utterance named.
    """
    if not (folder / "ref").is_file():
        msg = f"{folder}/ref: missing; the test set had no text, so it cannot be scored"
        raise DataDirError(msg)
    refs = {utt: normalise(text) for utt, text in _read_texts(folder / "ref").items()}
    hyps = {utt: normalise(text) for utt, text in _read_texts(folder / "text").items()}
    try:
        alignments = {unit: align(refs, hyps, unit) for unit in UNITS}
    except DataDirError as error:
        msg = f"{folder}: {error}"
        raise DataDirError(msg) from error
    groups = {}
    for table in ("utt2lang", "utt2category"):
        if (folder / table).is_file():
            rows = _read_texts(folder / table)
            if len(set(rows.values())) > 1:
                groups[table] = rows
    info = json.loads((folder / INFO).read_text(encoding="utf-8"))
    return ConditionScore(folder, info, alignments, groups)


def as_record(score: ConditionScore, *, num_resamples: int, seed: int) -> dict[str, Any]:
    """Everything about a condition that goes to `scores.json`; rates in percent."""
    record = {
        **{key: value for key, value in score.info.items() if key != "config"},
        "folder": str(score.folder),
        "fingerprint": (score.folder / DONE).read_text(encoding="utf-8").strip(),
    }
    for unit, alignments in score.alignments.items():
        record[unit] = _rate_record(alignments, num_resamples, seed)
    for table, rows in score.groups.items():
        record[f"by_{table.removeprefix('utt2')}"] = _by_group(
            score.alignments, rows, num_resamples, seed
        )
    positions = accuracy_by_position(score.alignments["wer"])
    if positions:
        record["accuracy_by_position"] = positions
    return record


def accuracy_by_position(alignments: list[UtteranceAlignment]) -> list[float] | None:
    """Percent of words recognised at each place of the sentence; None unless all are equally long.

    Sentences of a fixed command grammar show here which kind of word is hard.
    """
    rows = [
        [left == right for left, right in item.pairs if left is not None] for item in alignments
    ]
    if len({len(row) for row in rows}) != 1:
        return None
    return [round(100 * float(value), 2) for value in np.mean(rows, axis=0)]


def _by_group(
    alignments: Mapping[Unit, list[UtteranceAlignment]],
    rows: Mapping[str, str],
    num_resamples: int,
    seed: int,
) -> dict[str, Any]:
    members: dict[str, dict[Unit, list[UtteranceAlignment]]] = defaultdict(dict)
    for unit, items in alignments.items():
        for item in items:
            members[rows[item.utt_id]].setdefault(unit, []).append(item)
    return {
        group: {unit: _rate_record(items, num_resamples, seed) for unit, items in units.items()}
        for group, units in sorted(members.items())
    }


def _rate_record(
    alignments: list[UtteranceAlignment], num_resamples: int, seed: int
) -> dict[str, Any]:
    counts = [alignment.counts for alignment in alignments]
    total = sum(counts, EditCounts())
    low, high = bootstrap_interval(
        np.array([count.errors for count in counts]),
        np.array([count.num_ref for count in counts]),
        num_resamples=num_resamples,
        seed=seed,
    )
    return {
        "rate": round(100 * total.errors / total.num_ref, 3),
        "ci95": [round(100 * low, 3), round(100 * high, 3)],
        "hits": total.hits,
        "substitutions": total.substitutions,
        "deletions": total.deletions,
        "insertions": total.insertions,
        "num_ref": total.num_ref,
        "num_utts": len(counts),
        "num_wrong_utts": sum(count.errors > 0 for count in counts),
    }


def _read_texts(path: Path) -> dict[str, str]:
    """Rows by utterance; an empty value is kept, which for a hypothesis is a result."""
    rows, problems = parse_table(path)
    raise_problems([problem for problem in problems if ": empty " not in problem])
    return dict(sorted(rows.items(), key=lambda row: sort_key(row[0])))
