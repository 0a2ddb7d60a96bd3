"""Error rates of recognised texts: words and characters, by alignment with the transcripts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from espnet_av.atomic import atomic_write
from espnet_av.data.table import sort_key
from espnet_av.errors import DataDirError
from espnet_av.score.alignment_text import format_alignments
from espnet_av.score.bootstrap import Resampling, Sums, percentage, rate_figure
from espnet_av.score.conditions import TEXT, Decoded, read_rows
from espnet_av.score.count_table import error_counts
from espnet_av.score.edits import EditCounts, Unit, UtteranceAlignment, align, check_pairs
from espnet_av.score.metric import Metric
from espnet_av.score.normaliser import PACKAGE, normalise_texts
from espnet_av.score.scorer import (
    NO_PICTURES,
    NO_TRIPLETS,
    NO_TURNS,
    Figures,
    ScoredWithExample,
    Scorer,
)
from espnet_av.score.scoring import Scoring

WER = Metric(name="wer", title="WER", words="word error rate", lower_is_better=True)
CER = Metric(name="cer", title="CER", words="character error rate", lower_is_better=True)
_UNITS: dict[str, Unit] = {WER.name: "words", CER.name: "characters"}


@dataclass(frozen=True)
class ScoredText(ScoredWithExample):
    """A condition with its texts and their alignments."""

    condition: Decoded
    refs: dict[str, str]
    """Utterance -> normalised reference."""
    alignments: dict[str, list[UtteranceAlignment]]
    """Metric -> its alignments; the first one's units are the words."""

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """Counts of errors in some utterances."""
        return {
            name: _figure([item for item in items if item.utt_id in utt_ids], resampling)
            for name, items in self.alignments.items()
        }

    def sums(self, axes: Mapping[str, str]) -> Mapping[str, Sums]:
        """Errors and units of every utterance."""
        return {
            name: Sums(
                np.array([(item.counts.errors, item.counts.num_ref) for item in _in_order(items)]),
                percentage,
            )
            for name, items in self.alignments.items()
        }

    def extras(self) -> dict[str, Any]:
        """Words right by place, of sentences that are equally long."""
        positions = accuracy_by_position(self.pairs())
        return {"accuracy_by_position": positions} if positions else {}

    def write_results(self) -> None:
        """Every alignment: `score_wer/result.txt` and so on."""
        for name, alignments in self.alignments.items():
            with atomic_write(self.condition.folder / f"score_{name}" / "result.txt") as stream:
                stream.write(format_alignments(alignments))

    def pairs(self) -> list[UtteranceAlignment]:
        """Words beside words."""
        return next(iter(self.alignments.values()))

    def reference_text(self, utt_id: str) -> str:
        """What was said."""
        return self.refs[utt_id]


def _in_order(alignments: Sequence[UtteranceAlignment]) -> list[UtteranceAlignment]:
    return sorted(alignments, key=lambda item: sort_key(item.utt_id))


def read_texts(condition: Decoded) -> tuple[dict[str, str], dict[str, str]]:
    """References and hypotheses of a condition.

    Raises:
        DataDirError: no references, an empty one, or a missing hypothesis; the utterance is named.
    """
    folder = condition.folder
    if not (folder / "ref").is_file():
        msg = f"{folder}/ref: missing; the test set had no text, so it cannot be scored"
        raise DataDirError(msg)
    refs, hyps = read_rows(folder / "ref"), read_rows(folder / "text")
    try:
        check_pairs(refs, hyps)
        _check_references(refs)
    except DataDirError as error:
        msg = f"{folder}: {error}"
        raise DataDirError(msg) from error
    return refs, hyps


def _check_references(refs: Mapping[str, str]) -> None:
    for utt_id, text in refs.items():
        if not text.strip():
            msg = (
                f"{utt_id}: the reference is empty; remove the utterance from the test set or fix "
                "its transcript"
            )
            raise DataDirError(msg)


def _read(condition: Decoded, scoring: Scoring) -> ScoredText:
    return align_texts(condition, scoring, _UNITS)


def align_texts(condition: Decoded, scoring: Scoring, units: Mapping[str, Unit]) -> ScoredText:
    """Align the hypotheses of a condition with its references, both normalised.

    Args:
        condition: its folder has `ref` and `text`.
        scoring: names the normaliser.
        units: metric -> what it counts.

    Raises:
        DataDirError: see `read_texts`, or texts cannot be normalised.
    """
    refs, hyps = read_texts(condition)
    try:
        langs = condition.tables.get("utt2lang", {})
        refs, hyps = normalise_texts(scoring.normaliser, langs, refs, hyps)
        alignments = {name: align(refs, hyps, unit) for name, unit in units.items()}
    except DataDirError as error:
        msg = f"{condition.folder}: {error}"
        raise DataDirError(msg) from error
    return ScoredText(condition, refs, alignments)


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


def _figure(alignments: list[UtteranceAlignment], resampling: Resampling) -> dict[str, Any]:
    counts = [alignment.counts for alignment in alignments]
    total = sum(counts, EditCounts())
    if total.num_ref == 0:
        msg = (
            f"{alignments[0].utt_id} and the others of its group: every reference is empty after "
            "normalisation; remove them from the test set"
        )
        raise DataDirError(msg)
    return {
        **rate_figure(
            [count.errors for count in counts], [count.num_ref for count in counts], resampling
        ),
        "hits": total.hits,
        "substitutions": total.substitutions,
        "deletions": total.deletions,
        "insertions": total.insertions,
        "num_ref": total.num_ref,
        "num_utts": len(counts),
        "num_wrong_utts": sum(count.errors > 0 for count in counts),
        "num_empty_refs": sum(count.num_ref == 0 for count in counts),
    }


def _sections(records: Sequence[Mapping[str, Any]]) -> list[str]:
    parts = []
    for metric in (WER, CER):
        parts += [f"### {metric.title}", error_counts(records, metric.name)]
    return parts


def _comparison(scores: Mapping[str, Any]) -> list[str]:
    """The normaliser, and what it left."""
    name = scores["scoring"]["normaliser"]
    detail = {
        "basic": "Whisper's for any language",
        "english": "Whisper's for English",
        "whisper": "Whisper's: English for en, basic for the other languages",
    }.get(name)
    empty = sum(record[WER.name]["num_empty_refs"] for record in scores["conditions"])
    line = f"- text normaliser: {name}"
    if detail is not None:
        line += f" ({detail}; {PACKAGE} {scores['versions'][PACKAGE]})"
    return [line + (f"; {empty} references are empty after it" if empty else "")]


ERROR_RATES = Scorer(
    name="error rates",
    kind=TEXT,
    metrics=(WER, CER),
    read=_read,
    refuses=NO_TURNS | {"tokenize": "tokenisers are of BLEU"} | NO_TRIPLETS | NO_PICTURES,
    sections=_sections,
    comparison=_comparison,
)
