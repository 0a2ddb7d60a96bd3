"""A finished experiment with random weights, a test set in two languages, and noises."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from oracles.tiny_run import TINY_CONFIG, TinyRun, write_tiny_dump

from espnet_av.config import build, save_yaml
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.noise_bank import Noise, write_manifest, write_noise
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import build_model, default_checkpoint

DECODER = {"num_blocks": 1, "linear_units": 16, "attention_heads": 2}


@dataclass(frozen=True)
class TinyExperiment:
    """Folders that decoding needs."""

    exp_dir: Path
    test_dir: Path
    noise_dir: Path


def make_tiny_experiment(root: Path, run: TinyRun) -> TinyExperiment:
    """Everything below `root`."""
    made = TinyExperiment(root / "exp", root / "dump" / "test", root / "noise")
    made.exp_dir.mkdir(parents=True)
    shutil.copytree(run.root / "tokens", made.exp_dir / "tokens")
    conf = {**TINY_CONFIG["model_conf"], "decoder": "transformer", "decoder_conf": DECODER}
    config = build(TrainConfig, {**TINY_CONFIG, "model_conf": {**conf, "ctc_weight": 0.3}})
    save_yaml(config, made.exp_dir / "config.yaml")
    torch.manual_seed(0)
    model = build_model(config, Tokenizer.load(made.exp_dir / "tokens"))
    with torch.no_grad():  # clear differences, so that equal results are no accident
        model.ctc.ctc_lo.weight.mul_(8.0)
    torch.save(model.state_dict(), made.exp_dir / default_checkpoint(config))
    write_tiny_dump(made.test_dir, 7, seed=3)
    data = read_data_dir(made.test_dir)
    langs = {utt_id: ("en", "fr")[index % 2] for index, utt_id in enumerate(data.utt_ids)}
    write_data_dir(made.test_dir, {**data.tables, "utt2lang": langs})
    _write_noises(made.noise_dir)
    return made


def _write_noises(path: Path) -> None:
    rng = np.random.default_rng(5)
    noises = []
    for index in range(3):
        file = path / "babble" / f"{index}.flac"
        file.parent.mkdir(parents=True, exist_ok=True)
        digest, size = write_noise(file, rng.normal(0, 0.1, 8000), 16000)
        name = str(file.relative_to(path))
        noises.append(Noise(f"babble-{index}", "babble", "test", name, 8000, digest, size))
    write_manifest(path, noises)
