from __future__ import annotations

import math

import pytest
import torch

from espnet_av.data.batch import Batch
from espnet_av.modules.statistics import (
    COUNT,
    HIGHER,
    LOWER,
    Statistics,
    Weighted,
    count_of,
    mean_over,
)
from espnet_av.train.meter import StatsMeter, ThroughputMeter, rates
from espnet_av.train.step_batch import StepBatch
from espnet_av.train.step_sampler import ItemKey

DECLARED = {"loss": LOWER, "acc": HIGHER, "too_long": COUNT}


def batch(loss, weight, hits=None, tokens=0.0, too_long=None) -> Statistics:
    found = {"loss": mean_over(torch.tensor(loss), weight)}
    if hits is not None:
        found["acc"] = Weighted(torch.tensor(hits), tokens)
    if too_long is not None:
        found["too_long"] = count_of(torch.tensor(too_long))
    return Statistics(DECLARED, found)


def figures(*batches, others=()):
    """Of one process, or of two."""
    totals = []
    for mine in (batches, others):
        meter = StatsMeter(DECLARED)
        for stats in mine:
            meter.add(stats)
        totals.append(meter.totals())
    return meter.figures(totals[0] + totals[1])


def test_each_figure_has_its_own_weight():
    """Two batches, of 1 and 3 utterances, 10 and 2 tokens: the loss goes by the former."""
    found = figures(batch(1.0, 1.0, 9, 10.0, 2), batch(5.0, 3.0, 0, 2.0, 1))
    assert found == {"loss": 4.0, "acc": 0.75, "too_long": 3.0}


def test_what_does_not_apply_leaves_a_figure_alone():
    found = figures(batch(1.0, 2.0), batch(4.0, 2.0, 1, 4.0, 0))
    assert found == {"loss": 2.5, "acc": 0.25, "too_long": 0.0}
    never = figures(batch(1.0, 2.0), batch(math.nan, 0.0, 0, 0.0))
    assert never["loss"] == 1.0 and math.isnan(never["acc"]) and math.isnan(never["too_long"])


@pytest.mark.parametrize("infinite", [math.inf, -math.inf])
def test_infinity_stays_infinite(infinite):
    assert figures(batch(2.0, 5.0), batch(infinite, 1.0))["loss"] == infinite
    assert figures(batch(2.0, 5.0), batch(infinite, 0.0))["loss"] == 2.0
    meter = StatsMeter(DECLARED)
    meter.add(batch(2.0, 5.0))
    meter.add(batch(infinite, 1.0), counted=False)
    assert meter.figures(meter.totals())["loss"] == 2.0, "another rank counts that batch"


def test_ranks_add_up_to_what_one_process_finds():
    batches = [batch(1.0, 3.0, 1, 7.0, 1), batch(5.0, 1.0), batch(2.0, 2.0, 3, 4.0, 0)]
    assert figures(*batches[:1], others=batches[1:]) == figures(*batches)
    assert figures(*batches, others=()) == figures(*batches), "a rank without a batch"


def test_names_must_not_change():
    with pytest.raises(AssertionError, match="other statistics"):
        StatsMeter({"loss": LOWER}).add(batch(1.0, 1.0))
    meter = StatsMeter(DECLARED)
    meter.add(batch(7.0, 1.0))
    meter.reset()
    meter.add(batch(2.0, 1.0))
    assert meter.figures(meter.totals())["loss"] == 2.0


def test_validation_does_not_count_as_training_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("espnet_av.train.meter.time.monotonic", lambda: now[0])
    meter = ThroughputMeter()
    for seconds, action in ((2.0, meter.pause), (50.0, meter.resume), (3.0, lambda: None)):
        now[0] += seconds
        action()
    assert meter.totals()[4] == 5.0


def test_throughput_of_two_ranks():
    batch = StepBatch(
        batch=Batch(utt_id=["a", "b", "c"]),
        key=ItemKey(0, 0, 0, 0, 0),
        num_frames=30,
        num_padded_frames=40,
    )
    meter = ThroughputMeter()
    meter.batch_arrived(batch)
    totals = meter.totals()
    assert totals[:3].tolist() == [3, 30, 40]
    totals[3:] = torch.tensor([0.5, 2.0])
    assert rates(totals * 2, world_size=2) == pytest.approx(
        {
            "speech_hours_per_hour": 1.2,
            "utts_per_sec": 3.0,
            "frames_per_sec": 30.0,
            "padding_share": 0.25,
            "data_wait_share": 0.25,
        }
    )
