"""The transducer search benchmark runs and checks what it claims."""

import sys

import pytest

SIZES = "--num_utts 2 --vocab_size 12 --size 8 --hidden_size 8 --joint_size 8 --repeats 1"


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    monkeypatch.setattr(
        sys, "argv", ["bench", *SIZES.split(), "--beam_size", "2", "--out", str(out)]
    )
    bench.main()
    text = out.read_text()
    rows = [
        line.split("|") for line in text.splitlines() if line.startswith(("| greedy", "| beam"))
    ]
    assert len(rows) == 2
    assert all(int(row[2]) > 0 for row in rows)
    assert text in capsys.readouterr().out


def test_different_texts_stop_it(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split()])
    args = bench.parse_args()
    model, frames = bench.build(args)
    found = bench.search_batched
    monkeypatch.setattr(
        bench, "search_batched", lambda *given: [(t, s - 1.0) for t, s in found(*given)]
    )
    with pytest.raises(AssertionError, match="utterance 0"):
        bench.compare(args, model, frames, "beam")
