"""Both stages of grounding through the programs: HuBERT, then VGS+, its vectors and frames."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from oracles.pretraining_run import label, train_arguments
from oracles.tiny_run import write_tiny_dump

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import train as train_bin
from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.table import read_table
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring
from espnet_av.train.loading import default_checkpoint, load_experiment, read_train_config

CONF = Path(__file__).resolve().parents[3] / "egs2/mlcoco/vgs1/conf/tiny"
NUM_IMAGES = 4


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Spoken captions of a few images, and unit labels."""
    root = tmp_path_factory.mktemp("grounding")
    generator = np.random.default_rng(0)
    for name, count in (("train", 10), ("valid", 6)):
        dump = root / "dump" / name
        write_tiny_dump(dump, count, seed=len(name))
        data = read_data_dir(dump)
        names = [f"{name}-{i}" for i in range(NUM_IMAGES)]
        unlike = {"text", "video.scp", "utt2num_frames"}
        tables = {key: dict(rows) for key, rows in data.tables.items() if key not in unlike}
        for table, shape in (("image", (3, 5)), ("boxes", (3, 4))):
            with ArkWriter(dump / f"{table}.ark") as ark:
                rows = {n: ark.write_array(n, generator.random(shape)) for n in names}
            tables[f"{table}.scp"] = rows
        tables["utt2image"] = {u: names[i % NUM_IMAGES] for i, u in enumerate(data.utt_ids)}
        # One that no image belongs to: training and validation do without it.
        del tables["utt2image"][data.utt_ids[0]]
        for gone in unlike:
            (dump / gone).unlink()
        write_data_dir(dump, tables)
        label(root / "units", dump)
    return root


def train(folders, name, exp, *override):
    options = train_arguments(folders, CONF / f"train_{name}.yaml")
    changes = ["max_steps=2", "valid_interval_steps=1", "scheduler_conf.warmup_steps=0", *override]
    for change in changes:
        options += ["--override", change]
    assert train_bin.main([*options, str(exp)]) == 0, (exp / "train.log").read_text()
    return (exp / "train.log").read_text()


@pytest.mark.timeout(120)
def test_two_stages_and_what_comes_of_them(folders, tmp_path, caplog):
    first, second = tmp_path / "hubert", tmp_path / "vgs"
    train(folders, "hubert", first)
    small = ["dataset.max_dropped_ratio=0.2", "model_conf.image.feature_size=5"]
    log = train(folders, "vgs", second, *small, f"init_param=['{first}']")
    assert f"init_param {first}: " in log and " 0 unexpected, 0 of another shape" in log
    assert "9 training utterances (1 left out), 5 for validation" in log
    assert "freeze_param: 9 parameters frozen" in log
    assert "valid.r1" in default_checkpoint(read_train_config(second))
    model, config, _ = load_experiment(second)
    assert config.optim == "bert_adam"
    start = load_experiment(first)[0].state_dict()
    state = model.state_dict()
    frozen = [name for name in start if name.startswith("frontend.audio.extractor.")]
    assert all(torch.equal(state[name], start[name]) for name in frozen)
    moved = [name for name in start if not torch.equal(state[name], start[name])]
    assert {"units_head.label_embs", "encoder.layers.2.fc1.weight", "mask_emb"} <= set(moved)

    options = ["--config", str(CONF.parent / "decode.yaml"), "--exp_dir", str(second)]
    options += ["--sets", str(folders / "dump/valid"), "--modes", "A"]
    decode_bin.main([*options, "--kind", "vector", "--", str(tmp_path / "vectors")])
    folder = tmp_path / "vectors/valid/A_clean"
    assert len(read_table(folder / "speech.scp")) == 5
    assert len(read_table(folder / "image.scp")) == NUM_IMAGES
    scored = score_condition(folder, Scoring(metric="r1"))
    figures = scored.figures(list(scored.refs), Resampling(1, 0), scored.variants[0])
    assert 0.0 <= figures["r1"]["rate"] <= 100.0
    decode_bin.main([*options, "--kind", "frames", "--layers", "1", "3", "--", str(tmp_path / "f")])
    info = json.loads((tmp_path / "f/valid/A_clean/decode.json").read_text())
    assert (info["layers"], info["frame_hz"]) == (["layer1", "layer3"], 50.0)
