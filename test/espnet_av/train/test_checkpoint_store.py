"""The checkpoint a run goes on from: damaged ones, and what killed runs left."""

from __future__ import annotations

import logging
import os
import subprocess

import pytest
import torch

from espnet_av.errors import CheckpointError
from espnet_av.train.checkpoint_store import (
    find_checkpoint,
    remove_half_written,
    set_aside_damaged,
)

WEIGHTS = torch.linspace(1.0, 2.0, 50)


def save(path, micro_step):
    torch.save({"progress": {"micro_step": micro_step}, "state_dict": {"model.w": WEIGHTS}}, path)


def change_a_weight(path):
    data = bytearray(path.read_bytes())
    data[data.index(WEIGHTS.numpy().tobytes()) + 33] ^= 1
    path.write_bytes(data)


def test_a_checkpoint_with_a_changed_byte_is_passed_over(tmp_path, caplog):
    save(tmp_path / "last.ckpt", 12)
    save(tmp_path / "previous.ckpt", 6)
    change_a_weight(tmp_path / "last.ckpt")
    with caplog.at_level(logging.WARNING):
        found = find_checkpoint(tmp_path)
    assert found == (tmp_path / "previous.ckpt", {"micro_step": 6})
    assert "last.ckpt cannot be read: (Bad CRC-32" in caplog.text
    change_a_weight(tmp_path / "previous.ckpt")
    with pytest.raises(CheckpointError, match=r"no checkpoint is usable .*last.*previous.* remove"):
        find_checkpoint(tmp_path)


def test_a_damaged_checkpoint_never_becomes_the_fallback(tmp_path):
    save(tmp_path / "last.ckpt", 12)
    save(tmp_path / "previous.ckpt", 6)
    set_aside_damaged(tmp_path, tmp_path / "last.ckpt")
    assert (tmp_path / "last.ckpt").exists()
    set_aside_damaged(tmp_path, tmp_path / "previous.ckpt")
    assert not (tmp_path / "last.ckpt").exists()
    assert (tmp_path / "last.ckpt.damaged").exists()
    assert find_checkpoint(tmp_path) == (tmp_path / "previous.ckpt", {"micro_step": 6})
    set_aside_damaged(tmp_path, tmp_path / "previous.ckpt")


def test_a_checkpoint_of_something_else_is_passed_over(tmp_path):
    save(tmp_path / "previous.ckpt", 6)
    for content in ({"progress": {}}, {"state_dict": {}}, [1], {"progress": 3}):
        torch.save(content, tmp_path / "last.ckpt")
        assert find_checkpoint(tmp_path) == (tmp_path / "previous.ckpt", {"micro_step": 6})


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path):
    with subprocess.Popen(["true"]) as gone:
        pass
    # A checkpoint in the making is nobody's any more: this process alone trains here.
    left = (f".last.ckpt.{os.getpid()}.tmp", f".latest.pth.{gone.pid}.tmp", f".x.{gone.pid}.tmp")
    for name in left:
        (tmp_path / name).touch()
    stays = {f".decode.{os.getpid()}.tmp", "last.ckpt", ".done"}
    for name in stays:
        (tmp_path / name).touch()
    remove_half_written(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == stays
