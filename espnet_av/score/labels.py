"""Accuracy of predicted classes, with what was taken for what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from espnet_av.data.table import sort_key
from espnet_av.errors import DataDirError
from espnet_av.score.bootstrap import Resampling, Sums, percentage, rate_figure
from espnet_av.score.conditions import Decoded, read_references, read_rows
from espnet_av.score.edits import UtteranceAlignment, check_pairs
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import (
    NO_PICTURES,
    NO_TEXT,
    NO_TRIPLETS,
    NO_TURNS,
    Figures,
    Scored,
    Scorer,
)
from espnet_av.score.scoring import Scoring

ACCURACY = Metric(name="accuracy", title="Accuracy", words="accuracy")


@dataclass(frozen=True)
class ScoredLabels(Scored):
    """A condition with its classes."""

    condition: Decoded
    refs: dict[str, str]
    hyps: dict[str, str]

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """Share of utterances whose class is right."""
        right = [int(ref == self.hyps[utt]) for utt, ref in self.refs.items() if utt in utt_ids]
        figure = rate_figure(right, [1] * len(right), resampling)
        return {ACCURACY.name: {**figure, "num_right": sum(right), "num_utts": len(right)}}

    def sums(self, axes: Mapping[str, str]) -> Mapping[str, Sums]:
        """Whether each utterance is right."""
        right = [(int(self.refs[u] == self.hyps[u]), 1) for u in sorted(self.refs, key=sort_key)]
        return {ACCURACY.name: Sums(np.array(right), percentage)}

    def pairs(self) -> list[UtteranceAlignment]:
        """Classes beside classes."""
        return [UtteranceAlignment(utt, [(ref, self.hyps[utt])]) for utt, ref in self.refs.items()]


def _read(condition: Decoded, scoring: Scoring) -> ScoredLabels:
    refs = read_references(condition, "ref.label", "utt2label")
    hyps = read_rows(condition.folder / "label")
    try:
        check_pairs(refs, hyps)
    except DataDirError as error:
        msg = f"{condition.folder}: {error}"
        raise DataDirError(msg) from error
    return ScoredLabels(condition, refs, hyps)


LABELS = Scorer(
    name="labels",
    kind="label",
    metrics=(ACCURACY,),
    read=_read,
    refuses=NO_TEXT | NO_TURNS | NO_TRIPLETS | NO_PICTURES,
)
