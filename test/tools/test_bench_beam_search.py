"""The beam search benchmark runs and checks what it claims."""

import sys

import pytest


def test_writes_a_table(bench, tmp_path, monkeypatch, capsys):
    out = tmp_path / "result.md"
    sizes = "--num_utts 2 --vocab_size 12 --size 16 --num_blocks 1 --beam_size 2 --repeats 1"
    monkeypatch.setattr(sys, "argv", ["bench", *sizes.split(), "--out", str(out)])
    bench.main()
    text = out.read_text()
    assert "All 2 best texts are identical" in text
    assert "times as fast as ESPnet's search" in text
    assert text in capsys.readouterr().out


def test_different_scores_stop_it(bench):
    with pytest.raises(AssertionError, match="utterance 1"):
        bench.assert_equal([([1], -1.0), ([2], -2.0)], [([1], -1.0), ([2], -2.5)])
    with pytest.raises(AssertionError, match="1 texts differ"):
        bench.assert_equal([([1], -1.0), ([2], -2.0)], [([1], -1.0), ([3], -2.0)])
