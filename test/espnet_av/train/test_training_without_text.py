"""Pre-training through bin.train: no tokens, unit labels, sets of which some are sound alone."""

from __future__ import annotations

import pytest
import yaml
from oracles.pretraining_run import (
    NUM_UNITS,
    label,
    train_arguments,
    write_pretraining_folders,
)
from oracles.tiny_run import TINY_CONFIG
from oracles.toy_training import ToyPretraining, ToyPretrainingConfig

from espnet_av.bin import train as train_bin
from espnet_av.models import MODELS
from espnet_av.train.loading import load_experiment

CONFIG = {
    **TINY_CONFIG,
    "model": "toy",
    "model_conf": {},
    "dataset": {"video_crop": 16, "time_mask_frames": 0, "max_frames": 12},
    "max_steps": 2,
    "average": 1,
}


@pytest.fixture(autouse=True)
def toy_model(monkeypatch):
    monkeypatch.setitem(MODELS, "toy", (ToyPretrainingConfig, ToyPretraining))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_pretraining_folders(tmp_path_factory.mktemp("pretraining"))


def run(folders, exp, *more, units=True, **changes):
    exp.parent.mkdir(parents=True, exist_ok=True)
    path = exp.parent / "train.yaml"
    path.write_text(yaml.safe_dump({**CONFIG, **changes}))
    return train_bin.main([*train_arguments(folders, path, units), *more, str(exp)])


@pytest.mark.parametrize("frame_rate", [25, 50])
def test_model_of_units_is_trained_and_read_again(folders, tmp_path, frame_rate):
    exp = tmp_path / "exp"
    assert run(folders, exp, model_conf={"frame_rate": frame_rate}) == 0, (
        exp / "train.log"
    ).read_text()
    assert (exp / "units.yaml").read_text() == (folders / "units/units.yaml").read_text()
    assert not (exp / "tokens").exists()
    model, config, tokenizer = load_experiment(exp)
    assert tokenizer is None and config.model == "toy"
    assert model.head.out_features == NUM_UNITS
    log = (exp / "train.log").read_text()
    assert "12 training utterances (0 left out), 3 for validation" in log
    # Another codebook is another run.
    other = tmp_path / "units"
    for name in ("train", "valid"):
        label(other, folders / "dump" / name, checksum="1")
    (exp / ".done").unlink()
    more = ["--units_dir", str(other)]
    assert run(folders, exp, *more, units=False, model_conf={"frame_rate": frame_rate}) == 1
    assert "data.units_dir: " in (exp / "train.log").read_text()


def test_next_model_starts_from_the_final_one_of_an_experiment(folders, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(folders, first) == 0
    assert run(folders, second, init_param=[str(first)], max_steps=1) == 0
    log = (second / "train.log").read_text()
    assert f"init_param {first}: 10 matched, 0 missing, 0 unexpected, 0 of another shape" in log


def test_what_is_missing_is_named(folders, tmp_path):
    exp = tmp_path / "exp"
    assert run(folders, exp, "--units_dir", str(tmp_path / "none"), units=False) == 1
    log = (exp / "train.log").read_text()
    assert "none: no such folder; stage 5 makes it" in log
    assert run(folders, exp, units=False, model="avsr", model_conf=TINY_CONFIG["model_conf"]) == 1
    log = (exp / "train.log").read_text()
    assert "model avsr learns from text; pass --token_dir (stage 8 makes it)" in log


def test_keys_younger_than_a_run_have_their_defaults(folders, tmp_path):
    exp = tmp_path / "exp"
    assert run(folders, exp) == 0
    written = yaml.safe_load((exp / "config.yaml").read_text())
    del written["layer_lr_decay"], written["dataset"]["max_frames"]
    (exp / "config.yaml").write_text(yaml.safe_dump(written))
    assert run(folders, exp, dataset={**CONFIG["dataset"], "max_frames": 0}) == 0
    assert run(folders, exp) == 1
    assert "dataset.max_frames: 0 there, 12 now" in (exp / "train.log").read_text()
