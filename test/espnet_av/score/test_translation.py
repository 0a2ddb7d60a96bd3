"""Translations of a condition are judged by BLEU alone."""

import numpy as np
import pytest
from oracles.decoded import write_condition

from espnet_av.score.bootstrap import Resampling
from espnet_av.score.record import as_records
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring


def test_translations_are_scored_by_bleu(tmp_path):
    texts = {f"a-{i}": ("the cat sat on the mat", "the cat sat on the mat") for i in range(4)}
    folder = write_condition(tmp_path, "A", "clean", 0.0, texts=texts)
    score = score_condition(folder, Scoring(metric="bleu"))
    (record,) = as_records(score, Resampling(num_resamples=50))
    assert record["bleu"]["rate"] == pytest.approx(100.0)
    assert record["bleu"]["ci95"] == pytest.approx([100.0, 100.0])
    assert "wer" not in record
    assert np.isclose(record["bleu"]["brevity_penalty"], 1.0)
