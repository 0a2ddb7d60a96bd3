"""The benchmark of the transducer losses runs and checks what it claims."""

import argparse
import sys

import pytest
import torch

SIZE = "2x6x3x5"


def test_writes_a_table(bench, tmp_path, monkeypatch):
    def in_this_process(measurement, size, args):
        task = bench.Task(tuple(map(int, size.split("x"))), args.device)
        # What this process holds has its peak behind it.
        return {**(bench.MEASUREMENTS[measurement](task, args) or {}), "bytes": 100}

    monkeypatch.setattr(bench, "in_own_process", in_this_process)
    out = tmp_path / "result.md"
    sizes = ["--sizes", SIZE, "3x4x2x6", "--joiner_sizes", SIZE]
    monkeypatch.setattr(sys, "argv", ["bench", *sizes, "--repeats", "2", "--out", str(out)])
    bench.main()
    lines = [line for line in out.read_text().splitlines() if line.startswith("| 2 x 6 x 3 x 5")]
    assert [line.split(" | ")[1] for line in lines] == [*bench.LOSSES, *bench.JOINERS]
    assert all("**1.00**" in line for line in lines if line.split(" | ")[1] == bench.PEER)


def test_a_process_of_its_own_reports_its_memory(bench):
    args = argparse.Namespace(repeats=1, num_threads=1, device="cpu")
    found = bench.in_own_process("loss: ours", "4x50x20x500", args)
    logits = 4 * 4 * 50 * 21 * 500
    assert 1.5 * logits < found["bytes"] < 4 * logits
    assert len(found["seconds"]) == 1
    assert len(found["losses"]) == 4


def test_a_wrong_loss_stops_it(bench, monkeypatch):
    task = bench.Task((2, 6, 3, 5), "cpu")
    bench.check(task, None)
    monkeypatch.setitem(bench.LOSSES, "ours", lambda logits, task: 1.001 * logits.sum((1, 2, 3)))
    with pytest.raises(AssertionError, match="ours: losses differ"):
        bench.check(task, None)
    found = {name: {"losses": [1.0, 2.0]} for name in bench.JOINERS}
    bench.assert_same_losses(found)
    found["ours"] = {"losses": [1.0, 2.1]}
    with pytest.raises(AssertionError, match="ours: losses differ"):
        bench.assert_same_losses(found)


def test_a_wrong_band_stops_it(bench, monkeypatch):
    task = bench.Task((2, 6, 3, 5), "cpu")
    bench.check_pruned(task, None)
    monkeypatch.setattr(
        "espnet_av.modules.transducer.pruned_loss.pruned_loss",
        lambda logits, *args, **settings: torch.ones(len(logits)),
    )
    with pytest.raises(AssertionError, match="pruned: losses differ"):
        bench.check_pruned(task, None)


def test_several_threads_are_timed_by_the_wall(bench, monkeypatch):
    monkeypatch.setattr("time.process_time", lambda: -1.0)
    torch.set_num_threads(2)
    assert bench.clock("cpu") > 0.0
    torch.set_num_threads(1)
    assert bench.clock("cpu") == -1.0
