from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from espnet_av.compat import _import_quietly
from espnet_av.errors import ConfigError
from espnet_av.train.config import OptimConfig, ParamGroup
from espnet_av.train.optimizers import build_optimizer
from espnet_av.train.schedules import SCHEDULES, build_schedule, build_scheduler


def curve(name, steps, max_steps, **conf):
    schedule = build_schedule(name, conf)
    return [schedule.scale(step, max_steps) for step in steps]


def test_warmup_is_linear_and_starts_above_zero():
    for name in ("constant", "polynomial", "warmup_cosine"):
        assert curve(name, [0, 1, 3], 10**9, warmup_steps=4) == pytest.approx([0.25, 0.5, 1.0])


def test_constant_stays():
    assert curve("constant", [0, 5, 10**6], 10) == [1.0, 1.0, 1.0]


def test_polynomial_and_cosine_fall_to_the_final_scale():
    linear = curve("polynomial", [10, 60, 110], 110, warmup_steps=10, final_scale=0.2)
    assert linear == pytest.approx([1.0, 0.6, 0.2])
    square = curve("polynomial", [10, 60, 110], 110, warmup_steps=10, power=2.0)
    assert square == pytest.approx([1.0, 0.25, 0.0])
    with pytest.raises(ConfigError, match=r"power is 0\.0 and must be above 0"):
        build_schedule("polynomial", {"power": 0.0})
    cosine = curve("warmup_cosine", [10, 35, 60, 110, 200], 110, warmup_steps=10, final_scale=0.2)
    quarter = 0.2 + 0.8 * (1 + math.cos(math.pi / 4)) / 2
    assert cosine == pytest.approx([1.0, quarter, 0.6, 0.2, 0.2])


def test_tri_stage():
    scales = curve("tri_stage", [0, 5, 10, 49, 75, 100], 100, initial_scale=0.1, final_scale=0.04)
    assert scales == pytest.approx([0.1, 0.55, 1.0, 1.0, 0.2, 0.04])


def fairseq_tri_stage(update, warmup, hold, decay, start, end):
    """The rate by stage and step within it, with the decay as repeated multiplication."""
    if update < warmup:
        return start + (1 - start) / warmup * update
    scale = 1.0
    for _ in range(min(max(update - warmup - hold, 0), decay)):
        scale *= end ** (1 / decay)
    return scale


@pytest.mark.parametrize(("warmup", "hold", "decay"), [(20, 0, 40), (10, 30, 60), (6, 0, 18)])
def test_tri_stage_step_by_step(warmup, hold, decay):
    total = warmup + hold + decay
    shares = {"warmup_share": warmup, "hold_share": hold, "decay_share": decay}
    conf = {name: value / total for name, value in shares.items()}
    expected = [fairseq_tri_stage(n, warmup, hold, decay, 0.01, 0.05) for n in range(total + 5)]
    got = curve("tri_stage", range(total + 5), total, **conf)
    assert got == pytest.approx(expected)


def test_tri_stage_shares_must_add_up():
    with pytest.raises(ConfigError, match=r"is 1\.1 and must be 1"):
        build_schedule("tri_stage", {"warmup_share": 0.2})


def test_noam_equals_espnets_warmuplr():
    module = _import_quietly("espnet2.schedulers.warmup_lr")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    theirs = module.WarmupLR(optimizer, warmup_steps=7)
    schedule = build_schedule("noam", {"warmup_steps": 7})
    for step in range(30):
        expected = optimizer.param_groups[0]["lr"]
        assert 0.3 * schedule.scale(step, 100) == pytest.approx(expected)
        optimizer.step()
        theirs.step()


def test_unknown_key_names_the_schedule_and_the_nearest_key():
    with pytest.raises(ConfigError, match=r"scheduler_conf \(noam\).*did you mean 'warmup_steps'"):
        build_schedule("noam", {"warmup_step": 3})


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_described_and_positive_in_between(name):
    assert SCHEDULES[name].__doc__
    assert all(0 < scale <= 1 for scale in curve(name, range(1, 99), 100))


# The two rates of BEST-RQ's fine-tuning (arXiv 2202.01855), 1000 times as fast.
FAVA = [ParamGroup(prefix="encoder.", lr_scale=0.3, warmup_steps=5)]


def two_groups(name="noam", groups=FAVA, **conf):
    torch.manual_seed(0)
    parts = {"encoder": torch.nn.Linear(2, 3), "decoder": torch.nn.Linear(3, 1)}
    model = torch.nn.ModuleDict(parts)
    optimizer = build_optimizer(model, "adamw", OptimConfig(lr=1e-3), groups)
    return model, optimizer, build_scheduler(optimizer, name, {"warmup_steps": 2, **conf}, 40)


def learn(model, optimizer, scheduler, num_steps):
    """Rates of encoder and decoder in each step."""
    rates = []
    for _ in range(num_steps):
        rates.append([group["lr"] for group in optimizer.param_groups])
        model["decoder"](model["encoder"](torch.ones(1, 2))).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
    return rates


@pytest.mark.parametrize("name", ["noam", "constant", "polynomial", "warmup_cosine"])
def test_each_group_has_its_own_warm_up(name):
    rates = learn(*two_groups(name), 40)
    encoder = [3e-4 * scale for scale in curve(name, range(40), 40, warmup_steps=5)]
    decoder = [1e-3 * scale for scale in curve(name, range(40), 40, warmup_steps=2)]
    np.testing.assert_allclose(rates, np.stack([encoder, decoder], axis=1))
    assert max(encoder) == pytest.approx(3e-4) == pytest.approx(encoder[4])
    assert max(decoder) == pytest.approx(1e-3) == pytest.approx(decoder[1])


def test_a_group_without_warm_up_follows_the_schedule():
    groups = [ParamGroup(prefix="encoder.", lr_scale=0.3)]
    rates = learn(*two_groups(groups=groups), 10)
    assert [slow / fast for slow, fast in rates] == pytest.approx([0.3] * 10)


def test_warm_ups_go_on_after_a_restart():
    whole, first, second = two_groups(), two_groups(), two_groups()
    expected = learn(*whole, 8)
    got = learn(*first, 3)
    for old, new in zip(first, second, strict=True):
        new.load_state_dict(old.state_dict())
    got += learn(*second, 5)
    np.testing.assert_allclose(got, expected)
    for one, other in zip(whole[0].parameters(), second[0].parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_schedule_without_warm_up_steps_has_none_for_a_group_either():
    with pytest.raises(ConfigError, match="scheduler tri_stage has a warmup_share"):
        optimizer = two_groups()[1]
        build_scheduler(optimizer, "tri_stage", {}, 40)
    with pytest.raises(ConfigError, match=r"warmup_steps of 'encoder\.' is -1"):
        ParamGroup(prefix="encoder.", warmup_steps=-1)


def test_tri_stage_may_fall_in_a_straight_line():
    conf = {"decay": "linear", "final_scale": 0.1, "warmup_share": 0.2, "hold_share": 0.2}
    line = build_schedule("tri_stage", {**conf, "decay_share": 0.6})
    curve = build_schedule("tri_stage", {**conf, "decay_share": 0.6, "decay": "exponential"})
    assert [line.scale(step, 100) for step in (20, 39, 40)] == pytest.approx([1, 1, 1])
    assert [line.scale(step, 100) for step in (70, 100, 120)] == pytest.approx([0.55, 0.1, 0.1])
    assert curve.scale(70, 100) == pytest.approx(0.1**0.5)
    for step in (10, 100):
        assert curve.scale(step, 100) == pytest.approx(line.scale(step, 100))
