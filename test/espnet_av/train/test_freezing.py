"""Frozen parts: no gradient, no statistics, no dropout; augmentation goes on."""

from __future__ import annotations

import copy
import re

import pytest
import torch
from oracles.tiny_run import TINY_CONFIG
from torch import nn

from espnet_av.bin import train as train_bin
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.modules.frontend.av_frontend import AVFrontend
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig
from espnet_av.modules.frontend.spec_augment import SpecAugment
from espnet_av.train.freezing import FrozenParts
from espnet_av.train.frozen_base import BASE
from espnet_av.train.loading import load_experiment, read_weights


def block():
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))


def make_model():
    torch.manual_seed(0)
    return nn.ModuleDict({"encoder": nn.ModuleList([block(), block()]), "head": nn.Linear(4, 4)})


def in_training(model):
    return {name for name, module in model.named_modules() if module.training}


def run(model, x):
    for layer in model["encoder"]:
        x = layer(x)
    return model["head"](x)


def test_a_frozen_module_is_what_it_is_in_evaluation():
    model = make_model()
    before = copy.deepcopy(model.state_dict())
    frozen = FrozenParts(model, ["encoder."])
    model.train()
    frozen.hold()
    x = torch.randn(8, 4)
    run(model, x).sum().backward()
    assert torch.equal(run(model, x), run(model.eval(), x))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model["head"].weight.grad is not None
    assert frozen.num_parameters == 8
    assert frozen.text() == "8 parameters frozen; in evaluation: encoder"


def test_only_what_is_frozen_whole_is_held():
    model = make_model()
    frozen = FrozenParts(model, ["encoder.0"])
    assert in_training(model["encoder"][0]) == set()
    assert in_training(model["encoder"][1]) == {"", "0", "1", "2"}
    assert {"", "encoder", "head"} <= in_training(model)
    assert frozen.text().endswith("in evaluation: encoder.0")


def test_a_batch_norm_is_held_where_its_own_parameters_are_frozen():
    model = make_model()
    frozen = FrozenParts(model, ["encoder.*.1."])
    assert in_training(model["encoder"][0]) == {"", "0", "2"}
    assert frozen.text() == "4 parameters frozen; in evaluation: encoder.0.1, encoder.1.1"
    assert FrozenParts(make_model(), ["head.bias"]).text().endswith("evaluation: no whole module")


def test_layers_that_the_model_itself_keeps_fixed_are_left_alone():
    model = make_model()
    model["encoder"][1].requires_grad_(False)
    FrozenParts(model, [])
    assert "encoder.1" in in_training(model)
    frozen = FrozenParts(model, ["encoder.0"])
    assert frozen.text() == "4 parameters frozen; in evaluation: encoder", "nothing in it learns"


def test_a_shared_matrix_has_the_names_of_both_layers():
    model = nn.ModuleDict({"embed": nn.Embedding(4, 3), "out": nn.Linear(3, 4, bias=False)})
    model["out"].weight = model["embed"].weight
    FrozenParts(model, ["out."])
    assert not model["embed"].weight.requires_grad


def test_an_rnn_passes_gradients_and_drops_nothing_out():
    model = nn.ModuleDict({"below": nn.Linear(3, 3), "rnn": nn.LSTM(3, 3, 2, dropout=0.5)})
    FrozenParts(model, ["rnn"])
    assert model["rnn"].training, "cuDNN has no gradient of one in evaluation"
    x = torch.randn(5, 1, 3)
    outs = [model["rnn"](model["below"](x))[0] for _ in range(2)]
    assert torch.equal(*outs)
    outs[0].sum().backward()
    assert model["below"].weight.grad is not None


def test_augmentation_goes_on_in_a_frozen_front_end():
    config = AVFrontendConfig(
        audio_frontend="log_mel", visual_frontend="resnet", visual_frontend_conf={"width": 4}
    )
    frontend = AVFrontend(config)
    FrozenParts(frontend, [""])
    going_on = [m for m in frontend.modules() if m.training]
    assert {type(module) for module in going_on} == {AVFrontend, SpecAugment}
    frontend.eval()
    FrozenParts(frontend, [""]).hold()
    assert not in_training(frontend)


def test_errors_name_the_pattern_and_the_parts():
    for pattern in ("enc0", "encoder.*.9", "*.wait"):
        with pytest.raises(
            ConfigError,
            match=f"no parameter starts with '{re.escape(pattern)}'; top-level parts are encoder, ",
        ):
            FrozenParts(make_model(), [pattern])


def test_a_frozen_front_end_comes_out_of_training_as_it_went_in(tiny_run, tmp_path):
    conf = {**TINY_CONFIG["model_conf"], "visual_frontend_conf": {"width": 4}}
    first, second = tmp_path / "first", tmp_path / "second"
    arguments = tiny_run.arguments
    path = tiny_run.config("first.yaml", max_steps=1, accum_grad=1, model_conf=conf)
    assert train_bin.main(["--config", str(path), *arguments, str(first)]) == 0
    start = {"init_param": [str(first / "latest.pth")], "freeze_param": ["frontend.visual"]}
    # Several validations: each ends with `train()`.
    steps = {"max_steps": 3, "valid_interval_steps": 1, "accum_grad": 1}
    path = tiny_run.config("second.yaml", **steps, model_conf=conf, **start)
    assert train_bin.main(["--config", str(path), *arguments, str(second)]) == 0
    before, after = read_weights(first / "latest.pth"), read_weights(second / "latest.pth")
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert not [name for name in changed if name.startswith("frontend.visual")]
    assert any("running_var" in name for name in before if name.startswith("frontend.visual"))
    assert [name for name in changed if name.startswith("frontend.audio")]
    assert "in evaluation: frontend.visual" in (second / "train.log").read_text()
    check_frozen_is_written_once(first, second)
    whole = tmp_path / "whole"
    path = tiny_run.config("whole.yaml", **steps, model_conf=conf, **start, save_frozen=True)
    assert train_bin.main(["--config", str(path), *arguments, str(whole)]) == 0
    assert not (whole / BASE).exists()
    for name in ("latest.pth", "3step.pth"):
        one, other = read_weights(second / name), torch.load(whole / name, weights_only=True)
        assert one.keys() == other.keys()
        assert all(torch.equal(value, other[key]) for key, value in one.items())


def check_frozen_is_written_once(first, second):
    """Beside all files that lack it, and nowhere in a run that freezes nothing."""
    assert not (first / BASE).exists()
    base = torch.load(second / BASE, weights_only=True)
    assert base and all(name.startswith("frontend.visual") for name in base)
    files = [path for path in second.glob("*.pth") if not path.is_symlink() and path.name != BASE]
    assert any(".ave_" in path.name for path in files) and len(files) >= 3
    for path in files:
        assert not base.keys() & torch.load(path, weights_only=True)["state_dict"].keys()
        assert base.keys() <= read_weights(path).keys()
    load_experiment(second)
    (second / BASE).rename(second / "elsewhere")
    with pytest.raises(CheckpointError, match=r"frozen\.pth beside it, which is gone; copy both"):
        load_experiment(second)
    torch.save({name: value + 1 for name, value in base.items()}, second / BASE)
    with pytest.raises(CheckpointError, match=r"belongs to another frozen\.pth .* bring back"):
        load_experiment(second)
    (second / "elsewhere").rename(second / BASE)


def test_all_but_what_is_kept_is_frozen():
    model = make_model()
    frozen = FrozenParts(model, [""], ["head", "encoder.1.0"])
    learning = {name for name, p in model.named_parameters() if p.requires_grad}
    assert learning == {"head.weight", "head.bias", "encoder.1.0.weight", "encoder.1.0.bias"}
    assert frozen.text() == "6 parameters frozen; in evaluation: encoder.0, encoder.1.1"
    assert frozen.names == model.state_dict().keys() - learning
    with pytest.raises(ConfigError, match="keep_param: 'head' is not frozen, so it learns anyway"):
        FrozenParts(make_model(), ["encoder"], ["head"])
    with pytest.raises(ConfigError, match="keep_param: no parameter starts with 'haed'"):
        FrozenParts(make_model(), [""], ["haed"])
