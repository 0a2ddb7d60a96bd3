from __future__ import annotations

import math

import pytest
import torch

from espnet_av.data.batch import Batch
from espnet_av.train.meter import StatsMeter, ThroughputMeter, rates
from espnet_av.train.step_batch import StepBatch
from espnet_av.train.step_sampler import ItemKey


def test_means_are_weighted_and_nan_does_not_apply():
    meter, nan = StatsMeter(), float("nan")
    meter.add({"loss": torch.tensor(1.0), "acc": torch.tensor([nan]), "no": None}, torch.tensor(1))
    meter.add({"loss": torch.tensor([4.0]), "acc": torch.tensor(0.5)}, torch.tensor([2.0]))
    means = meter.means(meter.totals())
    assert means == {"loss": 3.0, "acc": 0.5}
    meter.reset()
    meter.add({"loss": torch.tensor(7.0), "acc": torch.tensor(nan)}, torch.tensor(3.0))
    means = meter.means(meter.totals())
    assert means["loss"] == 7.0 and math.isnan(means["acc"])


def test_weight_zero_leaves_the_mean_alone():
    meter = StatsMeter()
    meter.add({"loss": torch.tensor(2.0)}, torch.tensor(5.0))
    meter.add({"loss": torch.tensor(9.0)}, torch.tensor(0.0))
    assert meter.means(meter.totals()) == {"loss": 2.0}


@pytest.mark.parametrize("infinite", [math.inf, -math.inf])
def test_infinity_stays_infinite(infinite):
    meter = StatsMeter()
    meter.add({"loss": torch.tensor(2.0)}, torch.tensor(5.0))
    meter.add({"loss": torch.tensor(infinite)}, torch.tensor(1.0))
    assert meter.means(meter.totals()) == {"loss": infinite}
    meter.reset()
    meter.add({"loss": torch.tensor(infinite)}, torch.tensor(0.0))
    meter.add({"loss": torch.tensor(2.0)}, torch.tensor(5.0))
    assert meter.means(meter.totals()) == {"loss": 2.0}, "another rank counts that batch"


def test_totals_of_ranks_add_up_to_the_exact_mean():
    meters = [StatsMeter(), StatsMeter()]
    for meter, value, weight in zip(meters, (1.0, 5.0), (3.0, 1.0), strict=True):
        meter.add({"loss": torch.tensor(value)}, torch.tensor(weight))
    assert meters[0].means(meters[0].totals() + meters[1].totals()) == {"loss": 2.0}


def test_keys_must_not_change():
    meter = StatsMeter()
    meter.add({"loss": torch.tensor(2.0)}, torch.tensor(5.0))
    with pytest.raises(AssertionError, match="statistics changed"):
        meter.add({"loss": torch.tensor(2.0), "acc": torch.tensor(1.0)}, torch.tensor(5.0))


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
