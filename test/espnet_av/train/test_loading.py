from __future__ import annotations

import logging
import pickle

import pytest
import torch
from oracles.two_parts import make_model
from safetensors.torch import save_file

from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.train.averaging import average_checkpoints
from espnet_av.train.config import TrainConfig
from espnet_av.train.initialisation import initialise
from espnet_av.train.loading import (
    build_model,
    default_checkpoint,
    load_experiment,
    read_weights,
)


def test_forms_of_files(tmp_path):
    state = make_model().state_dict()
    save_file(state, tmp_path / "w.safetensors")
    torch.save({"model": state, "step": 3}, tmp_path / "espnet.pth")
    lightning = {f"model.{key}": value for key, value in state.items()}
    content = {"state_dict": lightning, "pytorch-lightning_version": "2.6"}
    torch.save(content, tmp_path / "w.ckpt")
    for name in ("w.safetensors", "espnet.pth", "w.ckpt"):
        read = read_weights(tmp_path / name)
        assert read.keys() == state.keys()
        assert all(torch.equal(read[key], state[key]) for key in state)


def test_only_files_of_lightning_lose_its_prefix(tmp_path):
    state = {"model.weight": torch.ones(2), "other": torch.zeros(1)}
    for name, content in (("plain.pth", state), ("espnet.pth", {"model": state, "step": 3})):
        torch.save(content, tmp_path / name)
        assert read_weights(tmp_path / name).keys() == state.keys()
    torch.save({"state_dict": state}, tmp_path / "w.ckpt")
    assert read_weights(tmp_path / "w.ckpt").keys() == state.keys()


def test_state_dicts_are_neither_empty_nor_mixed(tmp_path):
    for content in ({}, {"w": 1}, {"w": torch.ones(1), "n": 3}, [torch.ones(1)], {"model": {}}):
        torch.save(content, tmp_path / "w.pth")
        with pytest.raises(CheckpointError, match=r"w\.pth: holds no state dict"):
            read_weights(tmp_path / "w.pth")


def changed(path):
    data = bytearray(path.read_bytes())
    data[data.index(torch.ones(3, 2).numpy().tobytes()) + 9] ^= 1
    path.write_bytes(data)


def test_a_changed_byte_stops_everything_that_reads_weights(pretrained):
    changed(pretrained)
    damaged = pytest.raises(CheckpointError, match=r"old\.pth: .*Bad CRC-32.*, copy it again$")
    with damaged:
        read_weights(pretrained)
    with damaged:
        initialise(make_model(), [f"{pretrained}:old:encoder"], False)
    with damaged:
        average_checkpoints([pretrained], pretrained.with_name("mean.pth"))


def test_weights_without_checksums_are_read_and_said_to_have_none(tmp_path, caplog):
    state = {"w": torch.ones(3, 2)}
    torch.save(state, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    with caplog.at_level(logging.INFO):
        assert torch.equal(read_weights(tmp_path / "w.pth")["w"], state["w"])
    assert "has no checksums, so a changed byte in it would go unseen" in caplog.text


class Evil:
    def __reduce__(self):
        return print, ("executed",)


def test_foreign_pickles_are_not_run(tmp_path, capsys):
    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"w": Evil()}))
    with pytest.raises(CheckpointError, match=r"evil\.pth: holds more than tensors"):
        read_weights(tmp_path / "evil.pth")
    torch.save({"w": Evil()}, tmp_path / "evil2.pth")
    with pytest.raises(CheckpointError, match=r"evil2\.pth: holds more than tensors"):
        read_weights(tmp_path / "evil2.pth")
    assert capsys.readouterr().out == ""


def test_missing_damaged_and_wrong_files_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.pth: no such file"):
        read_weights(tmp_path / "none.pth")
    for name in ("half.pth", "half.safetensors"):
        torch.save(make_model().state_dict(), tmp_path / name)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(CheckpointError, match=rf"{name}: cannot be read") as caught:
            read_weights(tmp_path / name)
        assert "Error(" not in str(caught.value), "the words of the error, not its type"
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match="holds no state dict"):
        read_weights(tmp_path / "list.pth")


def test_default_checkpoint_follows_the_first_criterion():
    criteria = (("valid", "acc", "max"), ("valid", "loss", "min"))
    config = TrainConfig(best_model_criterion=criteria, average=3)
    assert default_checkpoint(config) == "valid.acc.ave_3best.pth"
    config = TrainConfig(best_model_criterion=criteria, average=0)
    assert default_checkpoint(config) == "valid.acc.best.pth"


def test_unknown_model_names_the_choices():
    with pytest.raises(
        ConfigError, match=r"model: 'asvr' is not a choice; did you mean 'avsr'\? choices: "
    ):
        build_model(TrainConfig(model="asvr"), None)


def test_folder_without_a_trained_model_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none: no trained model .*; train first"):
        load_experiment(tmp_path / "none")
