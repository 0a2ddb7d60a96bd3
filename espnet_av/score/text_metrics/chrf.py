"""chrF2++ of translations: n-grams of characters and words, by sacreBLEU."""

from __future__ import annotations

import numpy as np
from sacrebleu.metrics.chrf import CHRF

from espnet_av.score.bootstrap import Sums
from espnet_av.score.metric import Metric
from espnet_av.score.text_metrics.text_metric import HUNDRED, TextFigure, TextMetric, TextPairs


def measure_chrf(texts: TextPairs) -> TextFigure:
    """Characters need no tokeniser: the metric for languages that BLEU's cut badly."""
    metric = CHRF(word_order=2)
    hyps = [texts.hyps[u] for u in texts.utt_ids]
    refs = [texts.refs[u] for u in texts.utt_ids]
    # What its own significance tests are made from; there is no public name for it.
    rows = np.array(metric._extract_corpus_statistics(hyps, [refs]), dtype=np.int64)
    sums = Sums(rows, lambda found: float(metric._compute_score_from_stats(found.tolist()).score))
    return TextFigure(sums, str(metric.get_signature()))


CHRF_PP = TextMetric(
    metric=Metric(
        name="chrf2pp", title="chrF2++", words="chrF2++", unit="", unit_words=HUNDRED, digits=1
    ),
    measure=measure_chrf,
    apart=True,
)
