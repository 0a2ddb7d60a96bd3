"""The benchmark of stored states runs, and stops when losses differ."""

import sys

import pytest

SIZES = "--num_layers 1 --size 8 --speed 10 --batch_sec 2 --steps 1 --warm_up 0 --corpora"


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split(), "--out", str(out)])
    monkeypatch.setattr(bench, "memory", lambda args: {3: 10**6})
    bench.main()
    rows = [line for line in out.read_text().splitlines() if line.startswith("| superb")]
    assert len(rows) == 4 and "| 3 | 1 |" in out.read_text()
    assert out.read_text() in capsys.readouterr().out


def test_a_different_loss_stops_it(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split()])
    stored = bench.ProbeModel._stored
    monkeypatch.setattr(
        bench.ProbeModel,
        "_stored",
        lambda self, batch: (found := stored(self, batch)) and (found[0] + 1, found[1]),
    )
    with pytest.raises(AssertionError, match="losses differ"):
        bench.compare(bench.parse_args(), "superb_ks", 1.0, 1)


def test_memory_of_one_training(bench, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split(), "--only_memory", "2"])
    bench.main()
    assert int(capsys.readouterr().out) > 10**6
