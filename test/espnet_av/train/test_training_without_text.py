"""Pre-training through bin.train: no tokens, unit labels, sets of which some are sound alone."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from oracles.tiny_run import TINY_CONFIG, write_tiny_dump
from oracles.toy_training import ToyPretraining, ToyPretrainingConfig

from espnet_av.bin import train as train_bin
from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.units import label_crc, write_units
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
NUM_UNITS = 5


@pytest.fixture(autouse=True)
def toy_model(monkeypatch):
    monkeypatch.setitem(MODELS, "toy", (ToyPretrainingConfig, ToyPretraining))


def label(units_dir, dump_dir, rate_hz=50, checksum="0"):
    """Random unit labels of a dump."""
    data, rng, tables = read_data_dir(dump_dir), np.random.default_rng(0), ({}, {})
    with ArkWriter(units_dir / dump_dir.name / "units.0.ark") as ark:
        for utt_id in data.utt_ids:
            count = int(data.get("utt2num_samples", utt_id)) * rate_hz // 16000
            labels = rng.integers(NUM_UNITS, size=count - 1)
            tables[0][utt_id] = ark.write_ints(utt_id, labels)
            tables[1][utt_id] = label_crc(labels)
    info = {"num_units": NUM_UNITS, "rate_hz": rate_hz, "checksum": checksum, "source": {}}
    write_units(units_dir, {dump_dir.name: tables}, **info)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Dumps without text, a third of their utterances without video, and their unit labels."""
    root = tmp_path_factory.mktemp("pretraining")
    for name, count in (("train", 12), ("valid", 3)):
        dump = root / "dump" / name
        write_tiny_dump(dump, count, seed=len(name) + count)
        data = read_data_dir(dump)
        tables = {key: dict(rows) for key, rows in data.tables.items() if key != "text"}
        for utt_id in data.utt_ids[::3]:
            del tables["video.scp"][utt_id], tables["utt2num_frames"][utt_id]
        (dump / "text").unlink()
        write_data_dir(dump, tables)
        label(root / "units", dump)
    return root


def run(folders, exp, *more, units=True, **changes):
    exp.parent.mkdir(parents=True, exist_ok=True)
    path = exp.parent / "train.yaml"
    path.write_text(yaml.safe_dump({**CONFIG, **changes}))
    options = ["--config", str(path), "--train_dir", str(folders / "dump/train")]
    options += ["--valid_dir", str(folders / "dump/valid")]
    options += ["--units_dir", str(folders / "units")] if units else []
    return train_bin.main([*options, *more, str(exp)])


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
