"""BEST-RQ through bin.train: it trains, goes on exactly, gives features, and stops on collapse."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch
import yaml
from oracles import bestrq
from oracles.tiny_run import TINY_CONFIG, write_tiny_dump

from espnet_av.bin import train as train_bin
from espnet_av.data.ark import ArkWriter
from espnet_av.data.batch import Batch
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.features.source import ModelSource
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.loading import load_experiment
from espnet_av.train.signals import EXIT_STOPPED

CONFIG = {
    **TINY_CONFIG,
    "model": "bestrq",
    "model_conf": {
        **bestrq.SHARED,
        "dropout_rate": 0.1,
        "mask": {"start_prob": 0.1, "span": 8},
        "quantizer": {"num_codebooks": 2, "num_entries": 64, "size": 4},
        "min_perplexity": 4.0,
        "usage_window": 3,
    },
    "dataset": {"modalities": "A", "max_frames": 15},
    "max_steps": 4,
    "valid_interval_steps": 2,
    "save_interval_steps": 2,
    "average": 1,
}


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    root = tmp_path_factory.mktemp("dump")
    write_tiny_dump(root / "train", 20, seed=1)
    write_tiny_dump(root / "valid", 3, seed=2)
    return root


def run(dump, exp, **changes):
    exp.parent.mkdir(parents=True, exist_ok=True)
    config = exp.parent / "train.yaml"
    config.write_text(yaml.safe_dump({**CONFIG, **changes}))
    sets = ["--train_dir", str(dump / "train"), "--valid_dir", str(dump / "valid")]
    return train_bin.main(["--config", str(config), *sets, str(exp)])


@pytest.fixture(scope="module")
def trained(dump, tmp_path_factory):
    exp = tmp_path_factory.mktemp("trained") / "exp"
    assert run(dump, exp) == 0, (exp / "train.log").read_text()
    return exp


def test_a_trained_model_gives_features(trained):
    log = (trained / "train.log").read_text()
    assert "running_perplexity=" in log
    assert "predicted_perplexity=" in log
    model, config, tokenizer = load_experiment(trained)
    assert config.model == "bestrq" and tokenizer is None
    source = ModelSource(load=lambda: model, layer=2, modality="A", video_crop=16, origin={})
    data = bestrq.batch()
    batch = Batch(
        utt_id=data["utt_id"], speech=data["speech"], speech_lengths=data["speech_lengths"]
    )
    assert source.rate_hz == 25
    assert [tuple(frames.shape) for frames in source.extract(batch)] == [(12, 8), (9, 8), (5, 8)]


def test_a_stopped_run_goes_on_to_the_same_weights_and_codes(dump, trained, tmp_path, monkeypatch):
    exp, original = tmp_path / "exp", AVLightningModule.training_step

    def training_step(self, batch, batch_idx):
        if batch.key.micro_step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(AVLightningModule, "training_step", training_step)
        assert run(dump, exp) == EXIT_STOPPED
    assert run(dump, exp) == 0
    ours, expected = (torch.load(path / "4step.pth", weights_only=True) for path in (exp, trained))
    assert ours.keys() == expected.keys()
    assert all(torch.equal(ours[key], value) for key, value in expected.items())
    assert ours["usage.counts"].any()


def test_constant_sound_stops_the_run(tmp_path):
    """A microphone that was off: a direct current, the same in all utterances."""
    for name, count in (("train", 8), ("valid", 2)):
        write_tiny_dump(tmp_path / name, count, seed=1)
        data = read_data_dir(tmp_path / name)
        with ArkWriter(tmp_path / name / "constant.ark") as ark:
            wave = {
                utt_id: ark.write_audio(utt_id, np.full(640 * 20, 0.1), 16000)
                for utt_id in data.utt_ids
            }
        samples = dict.fromkeys(data.utt_ids, str(640 * 20))
        tables = {**data.tables, "wav.scp": wave, "utt2num_samples": samples}
        write_data_dir(tmp_path / name, {**tables, "utt2num_frames": dict.fromkeys(wave, "20")})
    exp = tmp_path / "exp"
    assert run(tmp_path, exp, max_steps=100) == 1
    log = (exp / "train.log").read_text()
    assert "ERROR: the targets have collapsed: over the last 3 batches" in log
    assert "below min_perplexity 4; there is nothing to learn" in log
    assert "Traceback" not in log
    assert not (exp / ".done").exists()
    dithered = {**CONFIG["model_conf"], "audio_frontend_conf": {"num_mels": 20, "dither": 3e-5}}
    assert run(tmp_path, tmp_path / "dithered", max_steps=3, model_conf=dithered) == 0
