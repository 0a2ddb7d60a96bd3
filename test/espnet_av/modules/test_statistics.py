"""Figures of a batch: what ESPnet's Trainer sees of them, and what adds up."""

from __future__ import annotations

import math
import pickle

import pytest
import torch

from espnet_av.modules.statistics import (
    COUNT,
    HIGHER,
    LOWER,
    Statistics,
    Weighted,
    count_of,
    mean_over,
)

DECLARED = {"loss": LOWER, "acc": HIGHER, "too_long": COUNT, "loss_ctc": LOWER}


def test_names_and_figures_as_espnet_takes_them():
    loss = torch.tensor(0.1)
    found = {
        "too_long": count_of(torch.tensor(2)),
        "loss": mean_over(loss, 7.0),
        "acc": Weighted(torch.tensor(3), torch.tensor(4)),
    }
    stats = Statistics(DECLARED, found)
    assert isinstance(stats, dict) and list(stats) == list(DECLARED)
    assert all(value.shape == () and value.dtype == torch.float32 for value in stats.values())
    assert torch.equal(stats["loss"], loss), "to the last bit"
    assert stats["acc"] == 0.75 and stats["too_long"] == 2 and stats["loss_ctc"].isnan()
    assert stats.totals[1].tolist() == [7.0, 4.0, 1.0, 0.0]
    loss /= 2
    assert stats["loss"] != loss, "ESPnet's Trainer divides the loss in place"
    again = pickle.loads(pickle.dumps(stats))
    assert torch.equal(again.totals, stats.totals)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_broken_counts_only_where_it_weighs(value):
    for weight in (2.0, torch.tensor(2.0)):
        stats = Statistics(DECLARED, {"loss": mean_over(torch.tensor(value), weight)})
        assert stats.is_broken("loss") and not stats.is_broken("acc")
        assert stats["loss"].item() == value or math.isnan(value)
    stats = Statistics(DECLARED, {"loss": mean_over(torch.tensor(value), 0.0)})
    assert not stats.is_broken("loss") and stats["loss"].isnan()


def test_a_statistic_must_be_declared():
    with pytest.raises(AssertionError, match=r"not declared: .*los"):
        Statistics(DECLARED, {"los": mean_over(torch.tensor(1.0), 1.0)})


def test_nothing_of_the_graph_is_kept():
    weights = torch.ones((), requires_grad=True)
    stats = Statistics(DECLARED, {"loss": mean_over(weights * 2, weights * 3)})
    assert not stats.totals.requires_grad


def test_all_are_where_the_loss_is():
    """Some are counted on the host, whose number comes first."""
    found = {
        "too_long": count_of(torch.tensor(2)),
        "loss": mean_over(torch.ones((), device="meta"), 3.0),
    }
    assert Statistics(DECLARED, found).totals.is_meta
