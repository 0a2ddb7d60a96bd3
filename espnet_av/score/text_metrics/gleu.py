"""Google-BLEU: the smaller of precision and recall over all 1- to 4-grams together."""

from __future__ import annotations

import numpy as np

from espnet_av.score.bootstrap import Sums, percentage
from espnet_av.score.metric import Metric
from espnet_av.score.text_metrics.ngrams import count_ngrams
from espnet_av.score.text_metrics.text_metric import HUNDRED, TextFigure, TextMetric, TextPairs

_MAX_ORDER = 4


def _counts(ref: list[str], hyp: list[str]) -> tuple[int, int]:
    """N-grams that both have, and the more of what either has."""
    pairs = [(count_ngrams(ref, n), count_ngrams(hyp, n)) for n in range(1, _MAX_ORDER + 1)]
    common = sum((one & other).total() for one, other in pairs)
    return common, max(sum(one.total() for one, _ in pairs), sum(two.total() for _, two in pairs))


def measure_gleu(texts: TextPairs) -> TextFigure:
    """GLEU of a corpus (Wu et al., arXiv 1609.08144), as NLTK and `evaluate` count it."""
    rows = np.array([_counts(ref, hyp) for ref, hyp in texts.tokens()], dtype=np.int64)
    return TextFigure(Sums(rows, percentage), f"min:1|max:{_MAX_ORDER}|tok:{texts.tokenize}")


GLEU = TextMetric(
    metric=Metric(
        name="gleu", title="GLEU", words="Google-BLEU", unit="", unit_words=HUNDRED, digits=1
    ),
    measure=measure_gleu,
)
