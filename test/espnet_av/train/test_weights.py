"""Files of weights: written whole or not at all."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from espnet_av.errors import CheckpointError
from espnet_av.train import weights as weights_module
from espnet_av.train.frozen_base import BASE
from espnet_av.train.loading import read_weights
from espnet_av.train.weights import model_weights, write_weights


def state(value=1.0):
    return {
        "w": torch.full((2, 3), value),
        "half": torch.full((2,), value, dtype=torch.bfloat16),
        "count": torch.tensor(7),
        "none": torch.zeros(0, 4),
    }


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert value.dtype == other[key].dtype and torch.equal(value, other[key]), key


def test_what_is_written_is_read(tmp_path):
    write_weights(state(), tmp_path / "a.pth")
    assert_equal(read_weights(tmp_path / "a.pth"), state())
    write_weights(state(2.0), tmp_path / "a.pth")
    assert_equal(read_weights(tmp_path / "a.pth"), state(2.0))
    assert [path.name for path in tmp_path.iterdir()] == ["a.pth"]


def test_frozen_names_are_written_once_beside_all_files(tmp_path):
    for step in (1, 2):
        write_weights(state(1.0) | {"w": torch.ones(1) * step}, tmp_path / f"{step}.pth", ["half"])
    before = (tmp_path / BASE).stat().st_mtime_ns
    write_weights(state(), tmp_path / "3.pth", ["half"])
    assert (tmp_path / BASE).stat().st_mtime_ns == before
    assert_equal(read_weights(tmp_path / "2.pth"), state() | {"w": torch.ones(1) * 2})
    kept = torch.load(tmp_path / "2.pth", weights_only=True)["state_dict"]
    assert set(kept) == {"w", "count", "none"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), os.strerror(errno.EDQUOT)),
        (RuntimeError("unexpected pos 64 vs 0\nmore"), "unexpected pos 64 vs 0"),
    ],
)
@pytest.mark.parametrize("frozen", [(), ("half",)])
def test_a_refused_write_leaves_the_file_of_before(tmp_path, monkeypatch, error, reason, frozen):
    path = tmp_path / "a.pth"
    write_weights(state(), path)
    before = path.read_bytes()

    def refuse(content, stream):
        stream.write(b"half of it")
        raise error

    monkeypatch.setattr(weights_module.torch, "save", refuse)
    with pytest.raises(CheckpointError, match=r"\.pth: could not be written \(") as caught:
        write_weights(state(2.0), path, frozen)
    message = str(caught.value)
    assert f"({reason}); " in message
    assert message.endswith("and run again, training goes on from its last checkpoint")
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.pth"], "no part of a file is left"


def test_weights_of_a_model_are_detached_and_hold_its_buffers():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    trainer = SimpleNamespace(strategy=None)
    found = model_weights(trainer, SimpleNamespace(model=model))
    assert_equal(found, model.state_dict())
    assert "1.running_mean" in found
    assert not any(value.requires_grad for value in found.values())
