"""Frozen weights beside those that learn."""

from __future__ import annotations

import pytest
import torch

from espnet_av.errors import CheckpointError
from espnet_av.train.averaging import average_checkpoints
from espnet_av.train.frozen_base import BASE, checksum
from espnet_av.train.loading import read_weights
from espnet_av.train.weights import write_weights

FROZEN = ("a", "count", "moved")


def weights(step):
    return {
        "a": torch.tensor([0.1, 0.2]),
        "count": torch.tensor(3),
        "half": torch.ones(2, dtype=torch.bfloat16) * step,
        "moved": torch.tensor([float(step)]),
    }


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(v, other[k]) for k, v in one.items())


def test_what_is_left_out_comes_back(tmp_path):
    for step in (1, 2, 3):
        write_weights(weights(step), tmp_path / f"{step}.pth", FROZEN)
    for step in (1, 2, 3):
        assert equal(read_weights(tmp_path / f"{step}.pth"), weights(step))
    kept = torch.load(tmp_path / "3.pth", weights_only=True)["state_dict"]
    assert set(kept) == {"half", "moved"}, "what moved all the same is written"
    assert set(torch.load(tmp_path / "1.pth", weights_only=True)["state_dict"]) == {"half"}
    average_checkpoints([tmp_path / "1.pth", tmp_path / "3.pth"], tmp_path / "ave.pth", FROZEN)
    assert equal(
        read_weights(tmp_path / "ave.pth"),
        weights(1) | {"half": weights(2)["half"]} | {"moved": torch.tensor([2.0])},
    )
    assert "a" not in torch.load(tmp_path / "ave.pth", weights_only=True)["state_dict"]


def test_files_that_are_linked_to_find_their_base(tmp_path):
    (tmp_path / "exp").mkdir()
    write_weights(weights(1), tmp_path / "exp" / "1.pth", FROZEN)
    (tmp_path / "link.pth").symlink_to(tmp_path / "exp" / "1.pth")
    assert equal(read_weights(tmp_path / "link.pth"), weights(1))
    (tmp_path / "copy.pth").write_bytes((tmp_path / "exp" / "1.pth").read_bytes())
    with pytest.raises(CheckpointError, match=r"copy\.pth: .* which is gone; copy both"):
        read_weights(tmp_path / "copy.pth")


def test_a_base_that_is_written_again_is_the_same(tmp_path):
    write_weights(weights(1), tmp_path / "1.pth", FROZEN)
    (tmp_path / BASE).unlink()
    write_weights(weights(1), tmp_path / "2.pth", FROZEN)
    assert equal(read_weights(tmp_path / "1.pth"), weights(1))


def test_without_frozen_parts_a_file_is_a_plain_state_dict(tmp_path):
    write_weights(weights(1), tmp_path / "1.pth")
    assert equal(torch.load(tmp_path / "1.pth", weights_only=True), weights(1))
    assert not (tmp_path / BASE).exists()


def test_checksum_sees_names_types_shapes_and_values():
    base = {"a": torch.zeros(2, 3)}
    others = [{"b": base["a"]}, {"a": base["a"].double()}, {"a": base["a"].T}, {"a": base["a"] + 1}]
    assert len({checksum(weights) for weights in [base, *others]}) == 5
    assert checksum({"x": torch.ones(1), "y": torch.zeros(1)}) == checksum(
        {"y": torch.zeros(1), "x": torch.ones(1)}
    )
