"""Alignment of hypotheses with references and the counts of its errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import jiwer

from espnet_av.errors import DataDirError

Unit = Literal["words", "characters"]


@dataclass(frozen=True)
class EditCounts:
    """How many reference units were recognised, and the errors."""

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def num_ref(self) -> int:
        """Units in the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions."""
        return self.substitutions + self.deletions + self.insertions

    def __add__(self, other: EditCounts) -> EditCounts:
        return EditCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


@dataclass(frozen=True)
class UtteranceAlignment:
    """Reference and hypothesis side by side."""

    utt_id: str
    pairs: list[tuple[str | None, str | None]]
    """(reference unit, hypothesis unit); None on the left is an insertion, right a deletion."""

    @property
    def counts(self) -> EditCounts:
        """Errors of this utterance."""
        hits = sum(left == right for left, right in self.pairs)
        insertions = sum(left is None for left, _ in self.pairs)
        deletions = sum(right is None for _, right in self.pairs)
        substitutions = len(self.pairs) - hits - insertions - deletions
        return EditCounts(hits, substitutions, deletions, insertions)


def align(refs: Mapping[str, str], hyps: Mapping[str, str], unit: Unit) -> list[UtteranceAlignment]:
    """Align every reference with its hypothesis at the smallest edit distance.

    Args:
        refs: utterance -> normalised transcript; one that normalisation emptied counts what is
            heard in it as insertions.
        hyps: utterance -> normalised result; may be an empty text.
        unit: what is aligned; among `characters` spaces count, as in ESPnet.

    Raises:
        DataDirError: a hypothesis is missing, one has no reference, or all references are empty;
            the utterance is named.
    """
    check_pairs(refs, hyps)
    if not any(text.strip() for text in refs.values()):
        msg = "every reference is empty after normalisation; an error rate needs words"
        raise DataDirError(msg)
    utt_ids = list(refs)
    process = jiwer.process_words if unit == "words" else jiwer.process_characters
    output = process([refs[utt] for utt in utt_ids], [hyps[utt] for utt in utt_ids])
    return [
        UtteranceAlignment(utt_id, _pairs(chunks, ref, hyp))
        for utt_id, chunks, ref, hyp in zip(
            utt_ids, output.alignments, output.references, output.hypotheses, strict=True
        )
    ]


def _pairs(
    chunks: list[jiwer.AlignmentChunk], ref: list[str], hyp: list[str]
) -> list[tuple[str | None, str | None]]:
    pairs: list[tuple[str | None, str | None]] = []
    for chunk in chunks:
        left: list[str | None] = [*ref[chunk.ref_start_idx : chunk.ref_end_idx]]
        right: list[str | None] = [*hyp[chunk.hyp_start_idx : chunk.hyp_end_idx]]
        size = max(len(left), len(right))
        left += [None] * (size - len(left))
        right += [None] * (size - len(right))
        pairs += zip(left, right, strict=True)
    return pairs


def check_pairs(refs: Mapping[str, str], hyps: Mapping[str, str]) -> None:
    """Check that there are references, and a hypothesis for each and for nothing else.

    Raises:
        DataDirError: there is not; the utterance is named.
    """
    if not refs:
        msg = "no utterance to score; the reference file is empty"
        raise DataDirError(msg)
    for utt_id in refs:
        if utt_id not in hyps:
            msg = f"{utt_id}: no hypothesis; the decoding is incomplete, run it again"
            raise DataDirError(msg)
    for utt_id in hyps:
        if utt_id not in refs:
            msg = f"{utt_id}: a hypothesis without reference; decode and score the same test set"
            raise DataDirError(msg)
