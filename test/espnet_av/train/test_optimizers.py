from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from espnet_av.errors import ConfigError
from espnet_av.train.config import OptimConfig, ParamGroup
from espnet_av.train.freezing import FrozenParts
from espnet_av.train.optimizers import OPTIMIZERS, build_optimizer, layer_depths


def make_model():
    parts = {"encoder": nn.Linear(2, 3), "encoder2": nn.Linear(3, 3), "head": nn.Linear(3, 1)}
    return nn.ModuleDict(parts)


def test_groups_scale_the_rate_and_first_match_wins():
    model = make_model()
    groups = [
        ParamGroup(prefix="encoder.bias", lr_scale=0.5, weight_decay=0.0),
        ParamGroup(prefix="encoder.", lr_scale=0.1),
    ]
    conf = OptimConfig(lr=2.0, weight_decay=0.3)
    optimizer = build_optimizer(model, "adamw", conf, groups)
    found = [(g["lr"], g["weight_decay"], len(g["params"])) for g in optimizer.param_groups]
    assert found == [(1.0, 0.0, 1), (0.2, 0.3, 1), (2.0, 0.3, 4)]
    assert optimizer.param_groups[0]["params"][0] is model["encoder"].bias


def make_layered(container="layers"):
    layers = nn.ModuleList(nn.Linear(1, 1) for _ in range(12))
    encoder = {"pos_conv": nn.Linear(1, 1), container: layers, "layer_norm": nn.Linear(1, 1)}
    parts = {"frontend": nn.Linear(1, 1), "encoder": nn.ModuleDict(encoder)}
    return nn.ModuleDict({**parts, "decoder": nn.Linear(1, 1)})


@pytest.mark.parametrize("container", ["layers", "encoders"])
def test_layers_learn_slower_the_lower_they_are(container):
    model = make_layered(container)
    optimizer = build_optimizer(model, "adam", OptimConfig(lr=2.0), (), layer_lr_decay=0.5)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    found = {name: rates[id(p)] for name, p in model.named_parameters() if name.endswith("bias")}
    expected = {f"encoder.{container}.{n}.bias": 2.0 * 0.5 ** (11 - n) for n in range(12)}
    expected |= dict.fromkeys(["frontend.bias", "encoder.pos_conv.bias"], 2.0 * 0.5**12)
    expected |= dict.fromkeys(["encoder.layer_norm.bias", "decoder.bias"], 2.0)
    assert found == pytest.approx(expected)
    assert optimizer.param_groups[-1]["lr"] == 2.0, "the rate that is logged"


def test_layer_decay_multiplies_the_scale_of_a_group():
    groups = [ParamGroup(prefix="encoder.", lr_scale=0.1)]
    model = make_layered()
    optimizer = build_optimizer(model, "adam", OptimConfig(lr=1.0), groups, layer_lr_decay=0.5)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert rates[id(model["encoder"]["layers"][10].weight)] == pytest.approx(0.05)
    assert rates[id(model["frontend"].weight)] == pytest.approx(0.5**12)
    with pytest.raises(ConfigError, match=r"no parameters named encoder\.layers\.N"):
        layer_depths(make_model())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_settings_arrive(name):
    conf = OptimConfig(lr=0.1, betas=(0.5, 0.6), eps=1e-3, weight_decay=0.2)
    optimizer = build_optimizer(make_model(), name, conf)
    assert type(optimizer) is OPTIMIZERS[name]
    group = optimizer.param_groups[0]
    assert (group["betas"], group["eps"], group["weight_decay"]) == ((0.5, 0.6), 1e-3, 0.2)


def test_frozen_parameters_are_left_out():
    model = make_model()
    assert FrozenParts(model, ["encoder."]).num_parameters == 2
    optimizer = build_optimizer(model, "adam", OptimConfig())
    assert sum(len(g["params"]) for g in optimizer.param_groups) == 4
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model["head"](model["encoder2"](model["encoder"](torch.ones(1, 2)))).sum().backward()
    optimizer.step()
    changed = {key for key, value in model.state_dict().items() if not value.equal(before[key])}
    assert changed == {"encoder2.weight", "encoder2.bias", "head.weight", "head.bias"}


def test_errors_name_the_prefix_and_the_parts():
    model = make_model()
    parts = "top-level parts are encoder, encoder2, head"
    with pytest.raises(ConfigError, match=f"param_groups: no trainable .* 'x'; {parts}"):
        build_optimizer(model, "adam", OptimConfig(), [ParamGroup(prefix="x")])
    FrozenParts(model, [""])
    with pytest.raises(ConfigError, match="every parameter is frozen"):
        build_optimizer(model, "adam", OptimConfig())


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_weights_are_those_of_torchs_plain_loop(name):
    """And moments that a run without the fused loop has saved are gone on with."""
    torch.manual_seed(0)
    model, conf = make_model(), OptimConfig(lr=0.1, weight_decay=0.3)
    plain = copy.deepcopy(model)
    ours = build_optimizer(model, name, conf)
    theirs = OPTIMIZERS[name](
        plain.parameters(), lr=0.1, weight_decay=0.3, betas=conf.betas, eps=conf.eps, foreach=False
    )
    assert ours.param_groups[0]["fused"]
    for step in range(4):
        for a, b in zip(model.parameters(), plain.parameters(), strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        ours.step()
        theirs.step()
        if step == 1:
            ours.load_state_dict(copy.deepcopy(theirs.state_dict()))
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=1e-5)
