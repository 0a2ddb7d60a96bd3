"""Diarization error rate of a condition, held against seconds counted by hand."""

import numpy as np
import pytest
from oracles.toy_predictions import predict

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.expected import Expected
from espnet_av.score.report import write_report
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

# 25 Hz: u0 0 to 0.16 s; u1 to 0.32 s.
FIRST = np.array([[1, 0], [1, 0], [0, 1], [0, 0]])
SECOND = np.zeros((8, 2))
RTTM = {"u0": "0 0.08 ann 0.08 0.08 bob", "u1": "0 0.08 ann"}


def test_page_of_who_speaks_when(tmp_path):
    folder = predict(tmp_path, "activity", [FIRST, SECOND], {"rttm": RTTM})
    scoring = Scoring(metric="der")
    found = write_report(
        tmp_path, Expected(scoring=scoring), command="x", resampling=Resampling(num_resamples=50)
    )
    (record,) = found["conditions"]
    figure = record["der"]
    # 0.04 s of bob and all 0.08 s of u1 are missed, of 0.24 s.
    assert figure["rate"] == pytest.approx(50.0)
    assert (figure["missed"], figure["false_alarm"], figure["confusion"]) == (0.12, 0, 0)
    assert (figure["total"], figure["num_utts"]) == (0.24, 2)
    # ann 0, bob 1/2, ann of u1 1.
    assert record["jer"]["rate"] == pytest.approx(50.0)
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "|test/A_clean|0.2|50.0|0.0|0.0|50.0|50.0|" in page
    assert "- collar: 0 s on each side" in page
    collar = score_condition(folder, Scoring(metric="der", collar_sec=0.02))
    rate = collar.figures({"u0"}, Resampling(num_resamples=10), {})["der"]
    # Left of u0: ann 0.02 to 0.06 and bob 0.10 to 0.14, of which 0.12 to 0.14 is missed.
    assert (rate["rate"], rate["total"]) == (25.0, 0.08)


# Both speak for 0.2 s of 0.4 s, one after the other; the second is heard at 0.35 alone.
SURE = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.35]] * 5)
TURNS = {"u0": "0 0.2 ann 0.2 0.2 bob"}


def test_lowest_of_ten_thresholds_and_filters(tmp_path):
    """As SUPERB reports it, beside the figure of one half that nothing was chosen for."""
    folder = predict(tmp_path, "activity", [SURE], {"rttm": TURNS})
    found = write_report(
        tmp_path,
        Expected(scoring=Scoring(metric="der_lowest")),
        command="x",
        resampling=Resampling(num_resamples=50),
    )
    (record,) = found["conditions"]
    assert record["der"]["rate"] == pytest.approx(50.0)
    assert record["der_lowest"]["rate"] == pytest.approx(0.0, abs=1e-9)
    assert record["der_lowest"]["settings"] == "threshold0.3_median1"
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "chosen on the test set" in page
    assert "|0.0|threshold0.3_median1|" in page.replace(" ", "")
    # After a filter of 11 frames nobody speaks: all is missed, which is no damaged file.
    silent = folder / "turns/threshold0.7_median11.rttm"
    assert silent.read_text() == ""
    for path in (folder / "turns").iterdir():
        path.unlink()
    score_condition(folder, Scoring(metric="der"))
    with pytest.raises(DataDirError, match="decode it again"):
        score_condition(folder, Scoring(metric="der_lowest"))


def test_what_cannot_be_scored_is_named(tmp_path):
    folder = predict(tmp_path, "activity", [FIRST], {})
    with pytest.raises(DataDirError, match=r"ref\.rttm: missing; the test set had no rttm"):
        score_condition(folder, Scoring(metric="der"))
    with pytest.raises(
        ConfigError, match=r"predicts activity, but metric wer is of text; .*der or"
    ):
        score_condition(folder, Scoring())
    with pytest.raises(ConfigError, match="normaliser basic: it compares no texts"):
        score_condition(folder, Scoring(metric="der", normaliser="basic"))
    with pytest.raises(ConfigError, match="collar_sec is -1; it is a time"):
        Scoring(metric="der", collar_sec=-1)
