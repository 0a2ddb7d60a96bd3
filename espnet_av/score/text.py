"""Figures of one decoded condition: error rates, or BLEU."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.data.table import parse_table, raise_problems, sort_key
from espnet_av.errors import DataDirError
from espnet_av.predict.condition import decode_again
from espnet_av.predict.results_dir import DONE, INFO
from espnet_av.score.bleu import MAX_ORDER, score_bleu
from espnet_av.score.bleu_tokens import tokeniser_of
from espnet_av.score.bootstrap import bootstrap_interval
from espnet_av.score.edits import EditCounts, Unit, UtteranceAlignment, align, check_pairs
from espnet_av.score.metric import ERROR_RATES, is_error
from espnet_av.score.normaliser import normalise_texts
from espnet_av.score.scoring import Scoring
from espnet_av.temporary import sweep
from espnet_av.text_file import read_json, read_text

logger = logging.getLogger(__name__)


_INFO = ("set", "mode", "noise", "exp_dir", "checkpoint", "train_seed", "seed", "config")
"""Of what decoding recorded, what scoring cannot do without."""


@dataclass(frozen=True)
class Resampling:
    """How confidence intervals are drawn."""

    num_resamples: int = 1000
    """Sets of utterances drawn with replacement."""
    seed: int = 0
    """Of the draws."""


@dataclass(frozen=True)
class ConditionScore:
    """One condition with its texts and, of recognition, their alignments."""

    folder: Path
    info: dict[str, Any]
    """What decoding recorded (`decode.json`)."""
    refs: dict[str, str]
    """Utterance -> normalised reference."""
    hyps: dict[str, str]
    """Utterance -> normalised hypothesis."""
    scoring: Scoring
    """What the condition is judged by."""
    langs: dict[str, str]
    """Utterance -> language of its text, where it is known."""
    alignments: dict[Unit, list[UtteranceAlignment]]
    """Of words and characters; none for translations."""
    groups: dict[str, dict[str, str]]
    """Table name (`utt2lang`) -> utterance -> group, for tables with at least two groups."""


def find_conditions(decode_dir: Path) -> list[Path]:
    """Folders of finished conditions below a decoding folder, in order of their names.

    Raises:
        DataDirError: there is none, or one is unfinished.
    """
    for folder in decode_dir.glob("*/"):
        sweep(folder)
    # Hidden ones are being written, or were when the machine went down.
    found = (path.parent for path in decode_dir.glob(f"*/*/{INFO}"))
    folders = sorted(path for path in found if not path.name.startswith("."))
    if not folders:
        msg = f"{decode_dir}: no decoded condition below; run the decode stage (10) first"
        raise DataDirError(msg)
    for folder in folders:
        if not (folder / DONE).is_file():
            msg = f"{folder}: decoding did not finish; {decode_again(folder)}"
            raise DataDirError(msg)
    return folders


def score_condition(folder: Path, scoring: Scoring) -> ConditionScore:
    """Compare the hypotheses of a condition with its references.

    Raises:
        DataDirError: no references, an empty one, a missing hypothesis, a language that the
            normaliser needs; file and utterance named.
    """
    if not (folder / "ref").is_file():
        msg = f"{folder}/ref: missing; the test set had no text, so it cannot be scored"
        raise DataDirError(msg)
    refs, hyps = _read_texts(folder / "ref"), _read_texts(folder / "text")
    tables = {
        table: _read_texts(folder / table)
        for table in ("utt2lang", "utt2category")
        if (folder / table).is_file()
    }
    alignments: dict[Unit, list[UtteranceAlignment]] = {}
    try:
        check_pairs(refs, hyps)
        _check_references(refs)
        langs = tables.get("utt2lang", {})
        refs, hyps = normalise_texts(scoring.normaliser, langs, refs, hyps)
        if is_error(scoring.metric):
            alignments = {unit: align(refs, hyps, unit) for unit in ERROR_RATES}
    except DataDirError as error:
        msg = f"{folder}: {error}"
        raise DataDirError(msg) from error
    groups = {table: rows for table, rows in tables.items() if len(set(rows.values())) > 1}
    info = read_json(folder / INFO, DataDirError, decode_again(folder))
    lacking = [key for key in _INFO if key not in info]
    if lacking:
        msg = f"{folder / INFO}: lacks {', '.join(lacking)}; {decode_again(folder)}"
        raise DataDirError(msg)
    target_lang = info.get("target_lang")
    langs = {} if target_lang is None else dict.fromkeys(refs, target_lang)
    if "target_lang" in info and target_lang is None:  # transcripts; older folders do not say
        langs = tables.get("utt2lang", {})
    return ConditionScore(folder, info, refs, hyps, scoring, langs, alignments, groups)


def check_one_system(scored: Sequence[ConditionScore]) -> None:
    """Check that all conditions were decoded with the same weights and the same search.

    Raises:
        DataDirError: two were not; the fact is named.
    """
    first, *others = scored
    told = _system_of(first)
    for score in others:
        for key, value in _system_of(score).items():
            if value != told.get(key):
                msg = (
                    f"{score.folder}: decoded with {key} {value}, but {first.folder} with "
                    f"{told.get(key)}; one table is of one system: decode both alike (stage 10), "
                    "or remove the folder that does not belong here"
                )
                raise DataDirError(msg)


def _system_of(score: ConditionScore) -> dict[str, Any]:
    """What is the same in every condition of a system."""
    search = {key: value for key, value in score.info["config"].items() if key != "batch_frames"}
    return {key: score.info[key] for key in ("exp_dir", "checkpoint", "train_seed")} | search


def as_record(score: ConditionScore, resampling: Resampling) -> dict[str, Any]:
    """Everything about a condition that goes to `scores.json`.

    Each metric has its figure under `rate`: percent, or BLEU points.
    """
    record = {
        **{key: value for key, value in score.info.items() if key != "config"},
        "folder": str(score.folder),
        "fingerprint": read_text(
            score.folder / DONE, DataDirError, decode_again(score.folder)
        ).strip(),
        "refs": hashlib.sha256(json.dumps(score.refs).encode()).hexdigest()[:16],
        **_figures(score, set(score.refs), resampling),
    }
    for table, rows in score.groups.items():
        members: dict[str, set[str]] = defaultdict(set)
        for utt_id in score.refs:
            members[rows[utt_id]].add(utt_id)
        record[f"by_{table.removeprefix('utt2')}"] = {
            group: _figures(score, utt_ids, resampling)
            for group, utt_ids in sorted(members.items())
        }
    positions = accuracy_by_position(score.alignments.get("wer", []))
    if positions:
        record["accuracy_by_position"] = positions
    return record


def _figures(
    score: ConditionScore, utt_ids: set[str], resampling: Resampling
) -> dict[str, dict[str, Any]]:
    """Metric -> its record, of some utterances of a condition."""
    if is_error(score.scoring.metric):
        return {
            unit: _rate_record([item for item in items if item.utt_id in utt_ids], resampling)
            for unit, items in score.alignments.items()
        }
    refs = {utt_id: score.refs[utt_id] for utt_id in utt_ids}
    hyps = {utt_id: score.hyps[utt_id] for utt_id in utt_ids}
    tokenize = score.scoring.tokenize
    if tokenize == "by_language":
        tokenize = tokeniser_of(frozenset(score.langs.get(utt_id) for utt_id in utt_ids))
    bleu = score_bleu(refs, hyps, tokenize=tokenize, **asdict(resampling))
    if bleu.longest_ref < MAX_ORDER:
        logger.warning(
            "%s: no reference of %s and %d others has four tokens (%s), so BLEU, which counts up "
            "to four in a row, says nothing; look at the precisions of fewer, or at metric: wer",
            *(score.folder, min(utt_ids), len(utt_ids) - 1, tokenize),
        )
    figures = {key: _rounded(value) for key, value in asdict(bleu).items()}
    return {"bleu": {"rate": figures.pop("score"), **figures}}


def _rounded(value: Any) -> Any:
    """Numbers to three decimals, as error rates are."""
    if isinstance(value, tuple):
        return [_rounded(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


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


def _rate_record(alignments: list[UtteranceAlignment], resampling: Resampling) -> dict[str, Any]:
    counts = [alignment.counts for alignment in alignments]
    total = sum(counts, EditCounts())
    if total.num_ref == 0:
        msg = (
            f"{alignments[0].utt_id} and the others of its group: every reference is empty after "
            "normalisation; remove them from the test set"
        )
        raise DataDirError(msg)
    low, high = bootstrap_interval(
        np.array([count.errors for count in counts]),
        np.array([count.num_ref for count in counts]),
        **asdict(resampling),
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
        "num_empty_refs": sum(count.num_ref == 0 for count in counts),
    }


def _check_references(refs: dict[str, str]) -> None:
    for utt_id, text in refs.items():
        if not text.strip():
            msg = (
                f"{utt_id}: the reference is empty; remove the utterance from the test set or fix "
                "its transcript"
            )
            raise DataDirError(msg)


def _read_texts(path: Path) -> dict[str, str]:
    """Rows by utterance; an empty value is kept, which for a hypothesis is a result."""
    rows, problems = parse_table(path)
    raise_problems([problem for problem in problems if ": empty " not in problem])
    return dict(sorted(rows.items(), key=lambda row: sort_key(row[0])))
