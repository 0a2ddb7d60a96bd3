"""The benchmark of frozen parts runs, and its frozen step keeps less."""

import re
import sys

SIZES = "--num_utts 2 --num_frames 8 --num_tokens 3 --vocab_size 60 --size 16 --num_blocks 1"
SIZES += " --channels 6 --steps 1"


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split(), "--out", str(out)])
    bench.main()
    text = out.read_text()
    assert text in capsys.readouterr().out
    kept = [
        int(line.split("|")[4]) for line in text.splitlines() if re.match(r"\| (all|fro)", line)
    ]
    assert len(kept) == 2
    memory = re.search(r"memory besides the weights: \*\*([\d.]+)\*\*", text)
    assert memory and float(memory[1]) < 1.0


def test_another_first_loss_stops_it(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split()])
    monkeypatch.setattr(bench, "TOLERANCE", -1.0)
    try:
        bench.main()
    except AssertionError as error:
        assert "first losses differ" in str(error)
    else:
        raise AssertionError
