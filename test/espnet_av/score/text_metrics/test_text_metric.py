"""TextPairs and figures made of them."""

import numpy as np
from oracles.golden_texts import texts_of

from espnet_av.score.bootstrap import Resampling, Sums, percentage
from espnet_av.score.text_metrics.text_metric import TextFigure, figure_of


def test_texts_are_cut_as_bleu_cuts_them():
    assert texts_of(("Ja, ja.", "")).tokens() == [(["Ja", ",", "ja", "."], [])]
    assert texts_of(("我在", "在"), tokenize="zh").tokens() == [(["我", "在"], ["在"])]


def test_some_of_the_texts():
    some = texts_of(("a", "b"), ("c", "d"), ("e", "f"), lang="en").of({"a2", "a0"}, "char")
    assert (some.utt_ids, some.hyps, some.tokenize) == (
        ["a0", "a2"],
        {"a0": "b", "a2": "f"},
        "char",
    )
    assert some.lang == "en"


def test_a_figure_says_how_it_was_counted():
    rows = np.array([[1.0, 1], [0.0, 1], [0.5, 1]])
    figure = figure_of(TextFigure(Sums(rows, percentage), "how"), Resampling(200, 0))
    low, high = figure.pop("ci95")
    assert 0.0 <= low < 50.0 < high <= 100.0
    assert figure == {"rate": 50.0, "signature": "how", "num_utts": 3}
