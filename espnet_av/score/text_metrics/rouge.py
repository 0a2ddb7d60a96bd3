"""ROUGE-L: the longest common subsequence of words (Lin, 2004)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from espnet_av.score.bootstrap import Sums, percentage
from espnet_av.score.metric import Metric
from espnet_av.score.text_metrics.text_metric import HUNDRED, TextFigure, TextMetric, TextPairs
from espnet_av.score.text_metrics.words import words_of


def _common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """Words of the longest common subsequence."""
    lengths = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for place, theirs in enumerate(other, 1):
            here = lengths[place]
            lengths[place] = before + 1 if word == theirs else max(here, lengths[place - 1])
            before = here
    return lengths[-1]


def f_measure(ref: Sequence[str], hyp: Sequence[str]) -> float:
    """Harmonic mean of the shares of both that they have in common, in order; 0 of no words."""
    common = _common_length(ref, hyp)
    # 2 P R / (P + R) with P = common / hyp and R = common / ref.
    return 2 * common / (len(ref) + len(hyp)) if common else 0.0


def measure_rouge(texts: TextPairs) -> TextFigure:
    """Mean of sentences; one number does not hold for a corpus."""
    rows = [(f_measure(words_of(texts.refs[u]), words_of(texts.hyps[u])), 1) for u in texts.utt_ids]
    return TextFigure(Sums(np.array(rows), percentage), "F-measure|words of any script|no stemming")


ROUGE_L = TextMetric(
    metric=Metric(
        name="rouge_l", title="ROUGE-L", words="ROUGE-L", unit="", unit_words=HUNDRED, digits=1
    ),
    measure=measure_rouge,
    apart=True,
)
