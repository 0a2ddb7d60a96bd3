"""The benchmark of translation's search runs, and stops when texts differ."""

import sys

import pytest

pytest.importorskip("transformers")
SIZES = "--num_utts 3 --batch_size 2 --vocab_size 70 --size 16 --num_blocks 1 --beam_size 2"
SIZES += " --max_tokens 5 --num_frames 9 --repeats 1"


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split(), "--out", str(out)])
    bench.main()
    text = out.read_text()
    assert "All texts are equal" in text and "Ratio of medians" in text
    assert text in capsys.readouterr().out


def test_different_texts_stop_it(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *SIZES.split()])
    search = bench.search_ours
    monkeypatch.setattr(bench, "search_ours", lambda *given: [*search(*given)[:-1], [7]])
    with pytest.raises(AssertionError, match=r"texts differ: \[2\]"):
        bench.main()
