"""What is told of a measurement."""

from oracles.abx_set import features, items, write_set

from espnet_av.features.feature_files import find_features
from espnet_av.score.abx.measure import measure, prepare_task
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.page import as_scores, as_text, cell_writer
from espnet_av.score.abx.spans import parse_rate
from espnet_av.score.bootstrap import Resampling


def test_one_talker_and_every_cell(tmp_path):
    write_set(tmp_path)
    own = [item for item in items() if item.speaker == "s1"]
    layers = {"x": find_features(tmp_path, features().keys())}
    task = prepare_task(own, layers, parse_rate("50"), "within", AbxOptions(max_size_group=None))
    with cell_writer(tmp_path / "cells.tsv") as watch:
        found = measure(task, layers, watch=watch)
    scores = as_scores(task, found, own, Resampling(9, 0))
    text = as_text(scores)
    assert "over speakers" not in text, "one talker has no interval"
    assert "x: ABX error 41.667 %  (12 cells, 144 triplets)" in text
    assert "slice correct" in text and "max_size_group all" in text
    lines = (tmp_path / "cells.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 13 and lines[1].split("\t")[:4] == ["x", "AA", "IY", "B D"]
    with cell_writer(None) as watch:
        assert watch is None
