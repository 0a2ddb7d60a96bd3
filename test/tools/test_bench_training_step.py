"""The benchmark of a training step runs, and refuses to compare what is not equal."""

import importlib

import pytest
import torch


def first(tree, loss=2.0, gradient=(1.0, -2.0)):
    return {"tree": tree, "loss": loss, "gradient": list(gradient)}


def test_unequal_steps_are_refused(bench):
    bench.check_equal(first("a"), first("b", 2.0 + 1e-6), "fp32")
    with pytest.raises(AssertionError, match=r"losses differ: 5\.0e-04"):
        bench.check_equal(first("a"), first("b", 2.001), "fp32")
    with pytest.raises(AssertionError, match="gradients differ"):
        bench.check_equal(first("a"), first("b", gradient=(1.0, -1.8)), "bf16")
    with pytest.raises(AssertionError, match="same"):
        bench.check_equal(first("same"), first("same"), "fp32")


def test_a_row_tells_medians_and_the_spread_of_ratios(bench):
    now = first("b")
    bench.check_equal(first("a"), now, "fp32")
    sides = []
    for seconds, answer in (((0.4, 0.2, 0.2), first("a")), ((0.1, 0.1, 0.2), now)):
        spent = {name: list(seconds) for name in ("cpu", "system", "wall")}
        sides.append(bench.Side(None, answer, spent))
    cpu = bench.row_text("mini_av", "fp32", sides).split(" | ")[1]
    assert cpu == "200 -> 100 (**2.00**; 1.00 to 4.00)"


def test_the_worker_trains(bench, repo_root, monkeypatch):
    worker = importlib.import_module("training_step")
    monkeypatch.setitem(worker.RECIPES, "mini_av", (worker.RECIPES["mini_av"][0], (30, 26)))
    training = worker.Training(repo_root, "mini_av", "fp32")
    answers = [training.first() for _ in range(2)]
    weights = sum(p.numel() for p in training.model.parameters())
    assert len(answers[0]["gradient"]) == weights
    # No update yet; other dropout.
    assert answers[0]["loss"] == pytest.approx(answers[1]["loss"], rel=0.1)
    before = training.model.ctc.ctc_lo.weight.clone()
    assert set(training.timed(1)) == {"cpu", "system", "wall"}
    assert not torch.equal(training.model.ctc.ctc_lo.weight, before)
    shares = training.profile(1)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["convolutions"] > 0
    assert shares["GRU"] > 0
