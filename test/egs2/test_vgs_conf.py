"""The configurations of ML-COCO: what the paper says, and that stage two fits stage one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.train.config import TrainConfig
from espnet_av.train.freezing import FrozenParts

CONF = Path(__file__).resolve().parents[2] / "egs2/mlcoco/vgs1/conf"


def make(name: str) -> tuple[TrainConfig, Any]:
    config = load_config(TrainConfig, CONF / f"{name}.yaml")
    config_class: Any
    model_class: Any
    config_class, model_class = MODELS[config.model]
    with torch.device("meta"):
        made = build(config_class, config.model_conf, name)
        return config, model_class.from_config(made, Sizes(units=500))


@pytest.mark.parametrize("folder", ["", "tiny/"])
def test_stage_two_has_all_of_stage_one(folder: str) -> None:
    first, second = make(f"{folder}train_hubert")[1], make(f"{folder}train_vgs")[1]
    shapes = {name: value.shape for name, value in second.state_dict().items()}
    assert all(shapes.get(name) == value.shape for name, value in first.state_dict().items())
    new = {name.split(".")[0] for name in shapes.keys() - first.state_dict().keys()}
    assert new == {"audio_class", "speech_head", "image_branch"}
    for key in ("mask", "temperature", "projection_size", "unmasked_weight"):
        assert getattr(first.config, key) == getattr(second.config, key)


def test_what_the_paper_says() -> None:
    first, hubert = make("train_hubert")
    second, model = make("train_vgs")
    assert (first.max_steps, first.optim_conf.lr) == (90_000, 5e-4)
    assert (second.max_steps, second.optim_conf.lr) == (2_000, 1e-4)
    assert model.config.alpha == 0.5
    assert sum(p.numel() for p in hubert.parameters()) == 94_696_576
    assert sum(p.numel() for p in model.parameters()) == 94_696_576 + 87_575_680
    frozen = FrozenParts(model, second.freeze_param)
    assert next(iter(frozen.modules)) == "frontend.audio.extractor"
    assert frozen.num_parameters == len(list(model.audio.extractor.parameters()))
    assert second.scheduler_conf["warmup_steps"] * 10 == second.max_steps
    # fairseq's share of warm-up, and its 32 times 87.5 s.
    assert first.scheduler_conf["warmup_steps"] == pytest.approx(0.08 * first.max_steps)
    assert first.batch_frames * first.accum_grad * 8 / 25 / 60 == pytest.approx(46.7, abs=0.1)
    assert second.batch_frames / 25 == second.max_utts * model.config.crop_sec == 512
