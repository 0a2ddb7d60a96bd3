"""Shapes of a model without the model."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.models.blueprint import blueprint, check_exactly


def shapes_of(build, num_weights=4):
    return blueprint(build, num_weights, "w.pth")


def test_shapes_are_those_of_the_model_and_take_no_memory():
    assert shapes_of(lambda: nn.Linear(3, 2)) == {
        "weight": torch.Size([2, 3]),
        "bias": torch.Size([2]),
    }
    # 4 TB of numbers.
    assert shapes_of(lambda: nn.Linear(10**6, 10**6))["weight"] == (10**6, 10**6)
    assert torch.zeros(1).device.type == "cpu"


@pytest.mark.parametrize(
    ("make", "layer"),
    [
        (lambda layers: nn.Sequential(*layers), lambda: nn.Linear(1, 1)),
        (nn.ModuleList, nn.ReLU),
        (nn.ModuleList, nn.Sequential),
    ],
)
def test_models_of_very_many_layers_are_not_made(make, layer):
    made = []

    def build():
        return make(made.append(1) or layer() for _ in range(10**5))

    with pytest.raises(CheckpointError, match=r"w\.pth: .* many more layers; use the one"):
        shapes_of(build)
    assert len(made) < 2000
    # The next one is counted from the beginning, and others are not counted at all.
    assert len(shapes_of(lambda: nn.Sequential(*(nn.Linear(1, 1) for _ in range(300))))) == 600
    nn.Sequential(*(nn.ReLU() for _ in range(3000)))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ZeroDivisionError("by zero"), "by zero"),
        (ConfigError("size: no"), "size: no"),
        (MemoryError(), r"MemoryError\(\)"),
        (RuntimeError("first\nsecond"), r"\(first\)"),
        (AssertionError("a" * 1000), r"\(a{300}\)"),
    ],
)
def test_configurations_that_make_no_model_are_named(error, message):
    def build():
        raise error

    with pytest.raises(CheckpointError, match=f"w.pth: the configuration .* no model .*{message}"):
        shapes_of(build)
    with pytest.raises(CheckpointError, match="makes no model"):
        shapes_of(lambda: nn.Linear(2**62, 2**62))


def test_weights_are_neither_more_nor_less():
    state = nn.Linear(3, 2).state_dict()
    shapes = shapes_of(lambda: nn.Linear(3, 2))
    check_exactly(shapes, state, "w.pth")
    with pytest.raises(CheckpointError, match=r"w\.pth: does not fit .* differing: bias;"):
        check_exactly(shapes, {"weight": state["weight"]}, "w.pth")
    with pytest.raises(CheckpointError, match="differing: more;"):
        check_exactly(shapes, {**state, "more": torch.ones(1)}, "w.pth")
    with pytest.raises(CheckpointError, match="differing: weight;"):
        check_exactly(shapes, {**state, "weight": torch.ones(3, 2)}, "w.pth")
