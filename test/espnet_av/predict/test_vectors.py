"""Vectors of two views: archives of length 1, and what belongs together."""

import numpy as np
import pytest
from oracles.toy_predictions import predict

from espnet_av.data.ark import read_array
from espnet_av.data.table import read_table

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
