"""`upstream: exp/x` through bin.train: configuration and weights of x inside another model."""

from __future__ import annotations

import shutil

import pytest
import torch
import yaml
from oracles import masked_audio
from oracles.pretraining_run import train_arguments, write_pretraining_folders
from oracles.tiny_run import TINY_CONFIG
from oracles.toy_head import ToyHead, ToyHeadConfig

from espnet_av.bin import train as train_bin
from espnet_av.config import save_yaml, to_dict
from espnet_av.models import MODELS
from espnet_av.train import upstream
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import default_checkpoint, load_experiment, read_train_config
from espnet_av.train.weights import write_weights

CONFIG = {
    **TINY_CONFIG,
    "model": "toy_head",
    "model_conf": {},
    "dataset": {"video_crop": 16, "modalities": "A"},
    "max_steps": 2,
    "freeze_param": ["upstream"],
    "best_model_criterion": [["valid", "acc", "max"]],
    "average": 1,
}


@pytest.fixture(autouse=True)
def toy_head(monkeypatch):
    monkeypatch.setitem(MODELS, "toy_head", (ToyHeadConfig, ToyHead))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_pretraining_folders(tmp_path_factory.mktemp("upstream"))


def write_upstream(exp_dir):
    """A finished HuBERT, as a conversion leaves it; its weights."""
    exp_dir.mkdir()
    conf = to_dict(masked_audio.hubert_config())
    config = TrainConfig(model="hubert", model_conf=conf, average=0)
    save_yaml(config, exp_dir / "config.yaml")
    summary = {"num_units": masked_audio.NUM_UNITS, "rate_hz": 50, "checksum": "0"}
    (exp_dir / "units.yaml").write_text(yaml.safe_dump({**summary, "source": {}, "sets": {}}))
    weights = masked_audio.model("hubert", seed=5).state_dict()
    write_weights(weights, exp_dir / default_checkpoint(config))
    return weights


def run(folders, exp, **changes):
    path = exp.parent / "train.yaml"
    path.write_text(yaml.safe_dump({**CONFIG, **changes}))
    rc = train_bin.main([*train_arguments(folders, path), str(exp)])
    return rc, (exp / "train.log").read_text()


def test_its_configuration_and_weights_are_inside(folders, tmp_path):
    source, exp = tmp_path / "hubert", tmp_path / "head"
    weights = write_upstream(source)
    # One key of its own: the others are those of the experiment.
    mine = {"upstream": {"model_conf": {"dropout_rate": 0.25}}}
    rc, log = run(folders, exp, upstream=str(source), model_conf=mine)
    assert rc == 0, log
    nested = read_train_config(exp).model_conf["upstream"]
    expected = to_dict(masked_audio.hubert_config(dropout_rate=0.25))
    assert nested == {
        "model": "hubert",
        "model_conf": expected,
        "sizes": {"units": masked_audio.NUM_UNITS},
    }
    # It stands on its own: what it was made of may go.
    shutil.rmtree(source)
    model, _, tokenizer = load_experiment(exp)
    assert tokenizer is None
    for name, value in model.upstream.state_dict().items():
        assert torch.equal(value, weights[name]), name
    assert run(folders, exp, upstream=str(source), model_conf=mine)[0] == 0, "done already"
    rc, log = run(folders, tmp_path / "other", upstream=str(source))
    assert rc == 1 and f"upstream: {source}: no such experiment; train it first" in log


def test_what_nests_no_other_model_says_so(folders, tmp_path):
    conf = to_dict(masked_audio.hubert_config())
    rc, log = run(folders, tmp_path / "exp", model="hubert", model_conf=conf, upstream="exp/x")
    assert rc == 1
    assert "model hubert has no other model in it; to start from the weights of exp/x, use" in log


def test_an_experiment_that_is_not_finished(folders, tmp_path):
    source = tmp_path / "hubert"
    write_upstream(source)
    (source / "inputs.yaml").write_text("data: {}\n")
    rc, log = run(folders, tmp_path / "exp", upstream=str(source))
    assert rc == 1 and "its training is not finished" in log


def test_changes_go_down_the_tree_only_where_both_have_one():
    base = {"a": {"b": 1, "c": 2}, "d": 3, "e": {"f": 4}}
    changes = {"a": {"c": 5}, "d": {"g": 6}, "e": None}
    assert upstream._merge(base, changes) == {"a": {"b": 1, "c": 5}, "d": {"g": 6}, "e": None}
    assert base == {"a": {"b": 1, "c": 2}, "d": 3, "e": {"f": 4}}
