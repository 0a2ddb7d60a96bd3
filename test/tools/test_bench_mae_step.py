"""The benchmark of an AV-MAE step runs, and stops when its two steps differ."""

import sys

import pytest

SIZES = (
    "--num_frames 10 --film_size 32 --num_blocks 1 --num_layers 1 --decoder_layers 1 --steps 1 "
    "--warm_up 0"
)


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split(), "--out", str(out)])
    bench.main()
    rows = [line for line in out.read_text().splitlines() if line.startswith(("| 0.6", "| 0.9"))]
    assert len(rows) == 2
    assert out.read_text() in capsys.readouterr().out


def test_a_different_loss_stops_it(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split()])
    # Another place of each box is another film.
    plain = bench.FilmEncoder.forward
    moved = lambda self, patches, places: plain(self, patches, places.flip(1))  # noqa: E731
    monkeypatch.setattr(bench.EncodesAll, "forward", moved)
    with pytest.raises(AssertionError, match="losses differ"):
        bench.compare(bench.parse_args(), 0.5)
