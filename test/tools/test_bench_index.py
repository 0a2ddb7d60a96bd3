"""The benchmark of search in an index runs, and stops when something else is found."""

import sys

import numpy as np
import pytest

SIZES = "--sizes 30 300 --width 4 --num 2 --num_questions 3 --repeats 1"


def test_writes_a_line_for_each_size(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split(), "--out", str(out)])
    bench.main()
    text = out.read_text()
    assert "\n| 30 | " in text and "\n| 300 | " in text
    assert text in capsys.readouterr().out


def test_other_utterances_stop_it(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split()])
    find = bench.MeaningIndex.nearest
    monkeypatch.setattr(
        bench.MeaningIndex,
        "nearest",
        lambda self, vectors, num: find(self, -np.asarray(vectors), num),
    )
    with pytest.raises(AssertionError, match="full sort"):
        bench.main()
