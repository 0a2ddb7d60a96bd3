"""A dump of a few synthetic utterances, and a model small enough to train in a test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.tokenizer import train_tokenizer

TINY_CONFIG = {
    "model": "avsr",
    "model_conf": {
        "audio_frontend": "log_mel",
        "audio_frontend_conf": {"num_mels": 16, "subsampling": "stack"},
        "visual_frontend": "resnet",
        "visual_frontend_conf": {"width": 4},
        "feature_size": 16,
        "dropout_rate": 0.1,
        "modality_dropout": {"drop_prob": 0.5, "audio_given_drop": 0.5, "per": "utterance"},
        "encoder": "transformer",
        "encoder_conf": {
            "output_size": 16,
            "attention_heads": 2,
            "linear_units": 32,
            "num_blocks": 1,
            "input_layer": "linear",
        },
    },
    "dataset": {"video_crop": 16, "time_mask_frames": 4, "speeds": [0.9, 1.0]},
    "batch_frames": 120,
    "max_utts": 4,
    "accum_grad": 2,
    "max_steps": 10,
    "valid_interval_steps": 4,
    "save_interval_steps": 3,
    "log_interval_steps": 2,
    "optim": "adamw",
    "optim_conf": {"lr": 0.002, "weight_decay": 0.01},
    "scheduler": "warmup_cosine",
    "scheduler_conf": {"warmup_steps": 3},
    "best_model_criterion": [["valid", "loss", "min"]],
    "keep_nbest_models": 2,
    "average": 2,
    "num_workers": 0,
    "num_threads": 1,
}
LETTERS = "abcdefgh"


@dataclass(frozen=True)
class TinyRun:
    """Files that a training run needs."""

    root: Path

    @property
    def arguments(self) -> list[str]:
        """Options of bin.train but for --config and the output folder."""
        folders = {"train": "dump/train", "valid": "dump/valid", "token": "tokens"}
        return [
            argument
            for name, folder in folders.items()
            for argument in (f"--{name}_dir", str(self.root / folder))
        ]

    def config(self, name: str = "train.yaml", **changes: object) -> Path:
        """Write the tiny configuration with top-level keys replaced; returns its path."""
        path = self.root / name
        path.write_text(yaml.safe_dump({**TINY_CONFIG, **changes}), encoding="utf-8")
        return path


def write_tiny_dump(path: Path, num_utts: int, seed: int) -> list[str]:
    """Utterances of noise and random frames; returns their texts."""
    rng = np.random.default_rng(seed)
    path.mkdir(parents=True)
    utts = [f"s1-{seed}{index:03d}" for index in range(num_utts)]
    frames = {utt: int(rng.integers(10, 25)) for utt in utts}
    texts = {utt: "".join(rng.choice(list(LETTERS), size=3)) for utt in utts}
    with ArkWriter(path / "wav.ark") as audio, ArkWriter(path / "video.ark") as video:
        tables = {
            "wav.scp": {
                u: audio.write_audio(u, rng.normal(0, 0.1, 640 * frames[u]), 16000) for u in utts
            },
            "video.scp": {
                u: video.write_clip(
                    u, rng.integers(0, 256, (frames[u], 20, 20), dtype=np.uint8), "raw"
                )
                for u in utts
            },
        }
    tables["text"] = texts
    tables["utt2spk"] = dict.fromkeys(utts, "s1")
    tables["utt2num_frames"] = {utt: str(frames[utt]) for utt in utts}
    tables["utt2num_samples"] = {utt: str(640 * frames[utt]) for utt in utts}
    write_data_dir(path, tables)
    return list(texts.values())


def make_tiny_run(root: Path) -> TinyRun:
    """Dump, tokenizer and configuration of a run of 10 steps that takes a second or two."""
    texts = write_tiny_dump(root / "dump" / "train", 20, seed=1)
    write_tiny_dump(root / "dump" / "valid", 5, seed=2)
    train_tokenizer([*texts, LETTERS], root / "tokens", "char", 100)
    run = TinyRun(root)
    run.config()
    return run
