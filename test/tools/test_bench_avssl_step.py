"""The pre-training benchmark runs, and stops when its two steps differ."""

import sys

import pytest

SIZES = "--num_clips 3 --num_frames 8 --width 2 --size 16 --num_layers 1 --steps 3 --warm_up 0"


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split(), "--out", str(out)])
    bench.main()
    rows = [line for line in out.read_text().splitlines() if line.startswith(("| 0%", "| 25%"))]
    assert len(rows) == 4
    assert out.read_text() in capsys.readouterr().out


def test_a_different_loss_stops_it(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split()])
    ours = bench.our_loss
    monkeypatch.setattr(bench, "our_loss", lambda *given: 1.001 * ours(*given))
    with pytest.raises(AssertionError, match="losses differ"):
        bench.compare(bench.parse_args(), "batch", 0.5)
