"""Vectors of two views: archives of length 1, and what belongs together."""

import numpy as np
import pytest
from oracles.toy_predictions import ToyModel, predict

from espnet_av.data.ark import read_array
from espnet_av.data.table import read_table
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

ANSWERS = [{"speech": [3.0, 4.0], "image": [0.0, 2.0]}, {"speech": [1.0, 0.0], "image": [5.0, 0.0]}]


def test_files_of_a_condition(tmp_path):
    folder = predict(tmp_path, "vector", ANSWERS, {"image.scp": {"u0": "x.ark:5", "u1": "x.ark:5"}})
    rows = read_table(folder / "speech.scp")
    found = [read_array(f"{folder}/{rows[u]}", u, num_axes=1) for u in ("u0", "u1")]
    assert found[0] == pytest.approx(np.array([0.6, 0.8]), abs=1e-3)
    assert found[1].tolist() == [1.0, 0.0]
    assert read_table(folder / "ref.item") == {"u0": "x.ark:5", "u1": "x.ark:5"}
    alone = predict(tmp_path / "b", "vector", ANSWERS, {})
    assert read_table(alone / "ref.item") == {"u0": "u0", "u1": "u1"}


def test_named_pictures_are_written_once(tmp_path):
    """Captions of one picture share its vector, unless a model gives each another one."""
    same = [{**answer, "image": [3.0, 4.0]} for answer in ANSWERS]
    tables = {"image.scp": {"cat": "x.ark:5"}, "utt2image": {"u0": "cat", "u1": "cat"}}
    folder = predict(tmp_path, "vector", same, tables)
    assert list(read_table(folder / "image.scp")) == ["cat"]
    assert list(read_table(folder / "speech.scp")) == ["u0", "u1"]
    assert read_table(folder / "ref.item") == {"u0": "cat", "u1": "cat"}
    assert score_condition(folder, Scoring(metric="r1")).vectors["image"].shape == (2, 2)
    folder = predict(tmp_path / "b", "vector", ANSWERS, tables)
    assert list(read_table(folder / "image.scp")) == ["u0", "u1"], "vectors differ"


def test_vectors_that_are_compared_by_inner_product_keep_their_length(tmp_path, monkeypatch):
    monkeypatch.setattr(ToyModel, "similarity", "dot")
    folder = predict(tmp_path, "vector", ANSWERS, {})
    rows = read_table(folder / "speech.scp")
    assert read_array(f"{folder}/{rows['u0']}", "u0", num_axes=1).tolist() == [3.0, 4.0]
