"""The cure of a damaged file says what that file is to its run."""

from __future__ import annotations

import os

import pytest
import torch

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.archive_check import COPY_AGAIN
from espnet_av.train.loading import read_weights
from espnet_av.train.remedy import INPUTS, remedy


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("last.ckpt", r"or name other weights, as .*latest\.pth"),
        ("valid.loss.ave_5best.pth", "then only makes the average again"),
        ("valid.loss.ave.pth", "then only makes the average again"),
        ("8step.pth", "or remove it and .*next best takes its place"),
        ("valid.loss.best.pth", r"or remove 8step\.pth and .*next best takes its place"),
    ],
)
def test_the_cure_of_a_damaged_file_of_a_run(name, cure, tmp_path):
    (tmp_path / "inputs.yaml").touch()
    for file in ("last.ckpt", "valid.loss.ave_5best.pth", "8step.pth"):
        torch.save({"w": torch.ones(3, 2)}, tmp_path / file)
        os.truncate(tmp_path / file, 500)
    (tmp_path / "valid.loss.ave.pth").symlink_to("valid.loss.ave_5best.pth")
    (tmp_path / "valid.loss.best.pth").symlink_to("8step.pth")
    with pytest.raises(CheckpointError, match=cure):
        read_weights(tmp_path / name)


@pytest.mark.parametrize("name", ["last.ckpt", "8step.pth", "valid.loss.ave_5best.pth", "x.pth"])
def test_what_was_not_trained_here_can_only_be_copied(name, tmp_path):
    (tmp_path / name).touch()
    assert remedy(tmp_path / name) == COPY_AGAIN


def test_files_to_remove_are_those_that_exist(tmp_path):
    (tmp_path / INPUTS).touch()
    (tmp_path / "8step.pth").touch()
    (tmp_path / "latest.pth").symlink_to("8step.pth")
    plain, linked = remedy(tmp_path / "8step.pth"), remedy(tmp_path / "latest.pth")
    done = tmp_path / ".done"
    assert plain.startswith(f"{COPY_AGAIN}, or remove it and {done} and give the command")
    assert linked.startswith(f"{COPY_AGAIN}, or remove 8step.pth and {done} and give the command")
    assert plain.endswith("it trains no further, and the next best takes its place")
