"""The table of parameters, line by line."""

from __future__ import annotations

from torch import nn

from espnet_av.train.parameter_report import parameter_report


def rows(model):
    return [line.split() for line in parameter_report(model).splitlines()]


def test_parts_and_total():
    model = nn.ModuleDict({"encoder": nn.Linear(1000, 2), "head": nn.Linear(2, 3, bias=False)})
    model["encoder"].weight.requires_grad_(False)
    assert rows(model) == [
        ["part", "parameters", "trainable"],
        ["encoder", "2,002", "2"],
        ["head", "6", "6"],
        ["total", "2,008", "8"],
    ]


def test_columns_stand_below_each_other():
    model = nn.ModuleDict({"a_part_with_a_long_name": nn.Linear(999, 999), "b": nn.Linear(1, 1)})
    lines = parameter_report(model).splitlines()
    assert len({len(line) for line in lines}) == 1


def test_shared_parameters_count_once_in_the_total():
    one = nn.Linear(3, 3, bias=False)
    model = nn.ModuleDict({"one": one, "two": nn.Sequential(one, nn.Linear(2, 2, bias=False))})
    assert rows(model)[1:] == [["one", "9", "9"], ["two", "13", "13"], ["total", "13", "13"]]


def test_parameters_of_the_model_itself_and_parts_without_any():
    model = nn.Module()
    model.register_parameter("scale", nn.Parameter(nn.Linear(5, 1).weight.detach()))
    model.register_module("dropout", nn.Dropout())
    model.register_buffer("mean", model.scale.detach().clone())
    assert rows(model)[1:] == [["dropout", "0", "0"], ["total", "5", "5"]]
    assert rows(nn.Module())[1:] == [["total", "0", "0"]]
