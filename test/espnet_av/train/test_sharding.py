"""Which parts of a model are sharded, and in which order."""

from __future__ import annotations

import pytest
from torch import nn

from espnet_av.train import sharding


def layers():
    return nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])


@pytest.fixture
def sharded(monkeypatch):
    """What was given to FSDP2, with the mesh, in order."""
    calls = []
    monkeypatch.setattr(sharding, "fully_shard", lambda m, mesh: calls.append((m, mesh)))
    return calls


@pytest.mark.parametrize("ours", ["layers", "encoders"])
def test_each_layer_then_the_rest(sharded, ours):
    encoder = nn.ModuleDict({"embed": nn.Linear(2, 2), ours: layers(), "after": layers()})
    decoder = nn.ModuleDict({"decoders": layers()})
    frontend = nn.ModuleDict({"layers": layers()})
    model = nn.ModuleDict({"frontend": frontend, "encoder": encoder, "decoder": decoder})
    sharding.shard(model, "mesh")
    expected = [*encoder[ours], *decoder["decoders"], model]
    assert [part for part, _ in sharded] == expected, "the front end is part of the rest"
    assert {mesh for _, mesh in sharded} == {"mesh"}


def test_a_model_without_layers_is_one_part(sharded):
    model = nn.ModuleDict({"head": nn.Linear(2, 2), "encoder": nn.Linear(2, 2)})
    sharding.shard(model, "mesh")
    assert sharded == [(model, "mesh")]
