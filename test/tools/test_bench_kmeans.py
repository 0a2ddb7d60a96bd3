"""The k-means benchmark runs and checks what it claims."""

import sys

import pytest
import torch


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    sizes = "--num_points 600 --dim 4 --num_clusters 12 --batch_size 100 --num_seeds 3"
    options = [*sizes.split(), "--max_no_improvement", "20", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["bench", *options])
    bench.main()
    text = out.read_text()
    assert "600 points of 4 dimensions, 12 clusters" in text
    assert "times as fast to fit" in text
    assert text in capsys.readouterr().out


def test_a_higher_inertia_stops_it(bench):
    bench.assert_no_higher([1.0, 1.002], [1.0, 1.0])
    with pytest.raises(AssertionError, match=r"1\.0100\d* times scikit-learn's"):
        bench.assert_no_higher([1.01, 1.01], [1.0, 1.0])


def test_inertia_is_by_difference(bench):
    points, centres = torch.tensor([[1.0, 0.0], [0.0, 3.0]]), torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    assert bench.inertia(points, centres, torch.tensor([0, 1])) == (1 + 4) / 2
