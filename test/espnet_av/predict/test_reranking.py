"""Candidates in the order of a finer score, and what that makes of retrieval."""

import numpy as np
import pytest
import torch
from oracles.toy_predictions import ToyModel, numbers_of, predict

from espnet_av.data.table import read_table
from espnet_av.predict.reranking import rerank
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

# The vectors find the picture of u0 first, whoever asks; each caption's own is second at best.
ANSWERS = [
    {"speech": [1.0, 0.0], "image": [3.0, 0.0]},
    {"speech": [1.0, 0.1], "image": [2.0, 0.1]},
    {"speech": [1.0, 0.2], "image": [0.1, 0.2]},
]


class FineModel(ToyModel):
    """Prefers pairs of equal numbers, looking at two candidates."""

    similarity = "dot"
    num_candidates = 2

    def predict_parts(self, batch):
        rows = [torch.full((2, 3), float(i)) for i in numbers_of(batch)]
        return {"speech": rows, "image": rows}

    def score_parts(self, parts):
        one, two = (torch.stack([row[0, 0] for row in parts[v]]) for v in ("speech", "image"))
        return -(one - two).abs()


def test_candidates_are_the_nearest_and_the_score_orders_them():
    vectors = {f"i{n}": np.array([float(n)], np.float32) for n in range(5)}
    parts = {
        "speech": {"q": torch.zeros(1, 1)},
        "image": {f"i{n}": torch.full((1, 1), float(n)) for n in range(5)},
    }
    model = FineModel([])
    model.num_candidates = 3
    query = {"q": np.array([1.0], np.float32)}
    found = rerank(model, query, vectors, parts, ("speech", "image"), "cpu")
    assert found == {"q": ["i2", "i3", "i4"]}, "0 and 1 are better, but not among the nearest"
    model.num_candidates = 100
    found = rerank(model, query, vectors, parts, ("speech", "image"), "cpu")
    assert found["q"] == ["i0", "i1", "i2", "i3", "i4"]


@pytest.mark.parametrize("named", [False, True])
def test_retrieval_goes_by_the_finer_score(named, tmp_path, monkeypatch):
    """Under the names of pictures where several captions share one."""
    answers, tables = ANSWERS, {"image.scp": {f"u{n}": f"x.ark:{n}" for n in range(3)}}
    if named:
        # u3 says something else of the picture of u0.
        answers = [*ANSWERS, {**ANSWERS[0], "speech": [0.0, 1.0]}]
        tables = {
            "image.scp": {f"p{n}": f"x.ark:{n}" for n in range(3)},
            "utt2image": {"u0": "p0", "u1": "p1", "u2": "p2", "u3": "p0"},
        }
    monkeypatch.setattr(ToyModel, "similarity", "dot")
    coarse = predict(tmp_path / "a", "vector", answers, tables)
    monkeypatch.setattr("oracles.toy_predictions.ToyModel", FineModel)
    fine = predict(tmp_path / "b", "vector", answers, tables)
    picture = "p" if named else "u"
    orders = {
        "u0": f"{picture}0 {picture}1",
        "u1": f"{picture}1 {picture}0",
        "u2": f"{picture}1 {picture}0",
    }
    found = read_table(fine / "speech_to_image.order")
    assert {u: found[u] for u in orders} == orders
    assert set(read_table(fine / "image_to_speech.order")) == {f"{picture}{n}" for n in range(3)}
    assert not list(coarse.glob("*.order"))
    found = {}
    for folder in (coarse, fine):
        scored = score_condition(folder, Scoring(metric="r1"))
        axes = {"direction": "speech to image"}
        figures = scored.figures(["u0", "u1", "u2"], Resampling(10), axes)
        found[folder] = figures["r1"]["rate"], figures["r1"]["median_rank"]
    # u1 finds its own now; that of u2 is no candidate, and stays the third.
    assert found[coarse] == (pytest.approx(33.333), 2.0)
    assert found[fine] == (pytest.approx(66.667), 1.0)
    few = score_condition(fine, Scoring(metric="r1"))
    assert few.figures(["u1", "u2"], Resampling(10), {"direction": "speech to image"})["r1"][
        "rate"
    ] == pytest.approx(50.0)
