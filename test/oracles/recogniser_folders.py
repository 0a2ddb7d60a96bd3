"""Experiment folders of every kind of recogniser, with random weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
import yaml
from oracles.tiny_run import TINY_CONFIG

from espnet_av.config import build, save_yaml
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import build_model, default_checkpoint

DECODER = {
    "decoder": "transformer",
    "decoder_conf": {"num_blocks": 1, "linear_units": 16, "attention_heads": 2},
}
_TRANSDUCER = {"predictor_conf": {"hidden_size": 8}, "joiner_conf": {"joint_space_size": 8}}
KINDS: dict[str, dict[str, Any]] = {
    "ctc": {},
    "attention": {**DECODER, "ctc_weight": 0.0},
    "hybrid": {**DECODER, "ctc_weight": 0.3},
    "transducer": {"model": "transducer"},
    "units": {"units_weight": 0.5, "frontend_units_weight": 0.5},
}
"""Kind -> what differs from `TINY_CONFIG`'s model."""
NUM_UNITS = 7


def write_recogniser(
    exp_dir: Path, token_dir: Path, kind: str, **changes: Any
) -> dict[str, torch.Tensor]:
    """A finished experiment of this kind, its model changed, as training leaves it; its weights."""
    conf = {**TINY_CONFIG["model_conf"], **KINDS[kind], **changes}
    model_name = conf.pop("model", "avsr")
    config = build(TrainConfig, {**TINY_CONFIG, "model": model_name, "model_conf": conf})
    shutil.copytree(token_dir, exp_dir / "tokens")
    save_yaml(config, exp_dir / "config.yaml")
    num_units = NUM_UNITS if kind == "units" else None
    if num_units:
        summary = {"num_units": num_units, "rate_hz": 25, "checksum": "0", "source": {}, "sets": {}}
        (exp_dir / "units.yaml").write_text(yaml.safe_dump(summary), encoding="utf-8")
    torch.manual_seed(0)
    model = build_model(config, Tokenizer.load(token_dir), num_units)
    weights = dict(model.state_dict())
    torch.save(weights, exp_dir / default_checkpoint(config))
    return weights
