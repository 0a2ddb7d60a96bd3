"""BertAdam against its formula, number by number."""

import math

import pytest
import torch
from torch import nn

from espnet_av.train.bert_adam import BertAdam
from espnet_av.train.config import OptimConfig
from espnet_av.train.optimizers import build_optimizer
from espnet_av.train.schedules import build_scheduler

GRADIENTS = ((0.5, -2.0), (0.25, 1.0), (-1.0, 4.0))
RATE, BETAS, EPS, DECAY = 0.1, (0.9, 0.999), 1e-6, 0.01


def by_hand(start):
    """Weights after each update, in plain numbers."""
    weights, first, second = list(start), [0.0, 0.0], [0.0, 0.0]
    for gradient in GRADIENTS:
        for i, g in enumerate(gradient):
            first[i] = BETAS[0] * first[i] + (1 - BETAS[0]) * g
            second[i] = BETAS[1] * second[i] + (1 - BETAS[1]) * g * g
            change = first[i] / (math.sqrt(second[i]) + EPS) + DECAY * weights[i]
            weights[i] -= RATE * change
        yield list(weights)


def test_updates_are_those_of_the_formula():
    weight = nn.Parameter(torch.tensor([1.0, -3.0]))
    optimizer = BertAdam([weight], lr=RATE, betas=BETAS, eps=EPS, weight_decay=DECAY)
    for gradient, expected in zip(GRADIENTS, by_hand([1.0, -3.0]), strict=True):
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        assert weight.tolist() == pytest.approx(expected, rel=1e-5)


def test_the_first_update_is_three_times_that_of_adamw():
    changes = {}
    for kind in (BertAdam, torch.optim.AdamW):
        weight = nn.Parameter(torch.zeros(1))
        weight.grad = torch.full((1,), 5.0)
        kind([weight], lr=0.1, betas=BETAS, eps=EPS, weight_decay=0.0).step()
        changes[kind] = weight.item()
    ratio = changes[BertAdam] / changes[torch.optim.AdamW]
    assert ratio == pytest.approx(0.1 / math.sqrt(0.001), rel=1e-3)


def test_what_has_no_gradient_stays():
    still, moved = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = BertAdam([still, moved], lr=0.1)
    moved.grad = torch.ones(2)
    optimizer.step()
    assert still.tolist() == [1.0, 1.0]
    assert not optimizer.state[still]
    assert (moved < 1.0).all()


def test_it_goes_on_from_its_state():
    def run(stop):
        weight = nn.Parameter(torch.tensor([1.0, -3.0]))
        optimizer = BertAdam([weight], lr=RATE)
        for step, gradient in enumerate(GRADIENTS):
            if step == stop:
                saved = optimizer.state_dict()
                optimizer = BertAdam([weight], lr=0.5)
                optimizer.load_state_dict(saved)
            weight.grad = torch.tensor(gradient)
            optimizer.step()
        return weight.detach()

    assert torch.equal(run(stop=None), run(stop=2))


def test_in_a_training_with_the_schedule_of_the_papers():
    """Linear up over a tenth of the updates, then linear down to nothing."""
    model = nn.Linear(2, 1)
    conf = OptimConfig(lr=1e-4, betas=BETAS, eps=EPS, weight_decay=DECAY)
    optimizer = build_optimizer(model, "bert_adam", conf)
    assert isinstance(optimizer, BertAdam)
    scheduler = build_scheduler(optimizer, "polynomial", {"warmup_steps": 200}, 2000)
    rates = []
    for _ in range(2000):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates[0] == pytest.approx(1e-4 / 200)
    assert rates[199] == max(rates) == pytest.approx(1e-4)
    assert rates[1100] == pytest.approx(0.5e-4)
    assert rates[-1] == pytest.approx(1e-4 / 1800)
