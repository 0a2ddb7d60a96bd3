"""Means of files of weights."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from espnet_av.errors import CheckpointError
from espnet_av.train.averaging import average_checkpoints
from espnet_av.train.loading import read_weights


def state(value):
    return {
        "w": torch.full((2,), value),
        "h": torch.full((2,), value, dtype=torch.bfloat16),
        "count": torch.tensor(int(value * 10)),
    }


def test_floats_are_averaged_and_whole_numbers_come_from_the_best(tmp_path):
    values = [0.1, 0.2, 0.6]
    paths = [tmp_path / f"{value}.pth" for value in values]
    for value, path in zip(values, paths, strict=True):
        torch.save(state(value), path)
    average_checkpoints(paths, tmp_path / "mean.pth")
    mean = torch.load(tmp_path / "mean.pth", weights_only=True)
    torch.testing.assert_close(mean["w"], torch.full((2,), 0.3))
    assert mean["h"].dtype == torch.bfloat16 and mean["count"].item() == 1
    average_checkpoints([paths[0], paths[2], paths[1]], tmp_path / "again.pth")
    assert torch.equal(torch.load(tmp_path / "again.pth", weights_only=True)["w"], mean["w"])


def test_different_models_are_not_averaged(tmp_path):
    torch.save(state(1.0), tmp_path / "a.pth")
    torch.save({**state(1.0), "w": torch.ones(3)}, tmp_path / "b.pth")
    with pytest.raises(CheckpointError, match=r"b\.pth: cannot be averaged with .*a\.pth.*: w;"):
        average_checkpoints([tmp_path / "a.pth", tmp_path / "b.pth"], tmp_path / "c.pth")
    assert not (tmp_path / "c.pth").exists()


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_means_are_exact_sums_rounded_once(tmp_path, count):
    generator = torch.Generator().manual_seed(count)
    drawn = [
        torch.randn(4, generator=generator) * 10.0 ** torch.arange(-6, 6, 3) for _ in range(count)
    ]
    paths = [tmp_path / f"{i}.pth" for i in range(count)]
    for path, value in zip(paths, drawn, strict=True):
        torch.save({"w": value}, path)
    average_checkpoints(paths, tmp_path / "mean.pth")
    columns = zip(*(value.tolist() for value in drawn), strict=True)
    exact = [float(sum(map(Fraction, column)) / count) for column in columns]
    assert torch.equal(read_weights(tmp_path / "mean.pth")["w"], torch.tensor(exact))


def test_one_file_is_its_own_mean(tmp_path):
    torch.save(state(0.3), tmp_path / "a.pth")
    average_checkpoints([tmp_path / "a.pth"], tmp_path / "mean.pth")
    mean = read_weights(tmp_path / "mean.pth")
    assert mean.keys() == state(0.3).keys()
    assert all(torch.equal(mean[key], value) for key, value in state(0.3).items())


def test_a_weight_that_is_not_finite_is_not_hidden(tmp_path):
    for name, value in (("a", 1.0), ("b", float("nan"))):
        torch.save({"w": torch.tensor([value, 2.0])}, tmp_path / f"{name}.pth")
    average_checkpoints([tmp_path / "a.pth", tmp_path / "b.pth"], tmp_path / "mean.pth")
    mean = read_weights(tmp_path / "mean.pth")["w"]
    assert mean[0].isnan() and mean[1] == 2.0


@pytest.mark.parametrize("change", ["more", "fewer", "renamed"])
def test_other_names_are_other_models(tmp_path, change):
    first, other = state(1.0), state(2.0)
    if change != "more":
        del other["h"]
    if change != "fewer":
        other["x"] = torch.ones(1)
    torch.save(first, tmp_path / "a.pth")
    torch.save(other, tmp_path / "b.pth")
    names = {"more": "x", "fewer": "h", "renamed": "h, x"}[change]
    with pytest.raises(CheckpointError, match=f"differ in name or shape: {names}; the files come"):
        average_checkpoints([tmp_path / "a.pth", tmp_path / "b.pth"], tmp_path / "c.pth")
    assert not (tmp_path / "c.pth").exists()
