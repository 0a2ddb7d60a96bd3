"""What is said of a metric follows from its data."""

import pytest

from espnet_av.score.metric import Metric
from espnet_av.score.text import CER, WER
from espnet_av.score.translation import BLEU


@pytest.mark.parametrize(
    ("metric", "heading", "axis", "op"),
    [
        (WER, "WER %", "word error rate (%)", "<="),
        (CER, "CER %", "character error rate (%)", "<="),
        (BLEU, "BLEU", "BLEU (higher is better)", ">="),
    ],
)
def test_words_of_a_metric(metric, heading, axis, op):
    assert (metric.heading, metric.axis, metric.usual_op) == (heading, axis, op)


def test_decimals():
    fine = Metric(name="x", title="X", words="x", digits=3)
    assert (fine.show(1.23456), fine.show(0.5, "+"), WER.show(12.345)) == (
        "1.235",
        "+0.500",
        "12.3",
    )
    assert (fine.better, WER.better) == ("higher is better", "lower is better")
