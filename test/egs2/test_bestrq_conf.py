"""The configurations of BEST-RQ have the sizes and settings of the papers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.models.abs_model import NO_SIZES
from espnet_av.train.config import TrainConfig

CONF = Path(__file__).resolve().parents[2] / "egs2/voxceleb2/ssl1/conf"

# Without the head, which fine-tuning leaves behind: what the file has, and what is published.
SIZES = {
    "25m": (25_683_392, 25e6),
    "120m": (115_112_448, 120e6),
    "120m_streaming": (114_903_552, 120e6),
    "600m": (610_727_680, 600e6),
}


def make(name: str) -> tuple[TrainConfig, Any]:
    config = load_config(TrainConfig, CONF / f"train_bestrq_{name}.yaml")
    config_class: Any
    model_class: Any
    config_class, model_class = MODELS[config.model]
    with torch.device("meta"):
        return config, model_class.from_config(
            build(config_class, config.model_conf, name), NO_SIZES
        )


@pytest.mark.parametrize("name", SIZES)
def test_size_and_settings(name: str) -> None:
    config, model = make(name)
    head = sum(parameter.numel() for parameter in model.codes_head.parameters())
    size = sum(parameter.numel() for parameter in model.parameters()) - head
    exact, published = SIZES[name]
    assert size == exact
    assert size == pytest.approx(published, rel=0.05)
    assert model.quantizer.projection.shape == (1, 320, 16)
    assert model.quantizer.codebooks.shape == (1, 8192, 16)
    starts = 0.02 if "streaming" in name else 0.01
    mask = model.config.mask
    assert (mask.start_prob, mask.span, mask.noise_std) == (starts, 40, 0.1)
    assert (config.optim, config.optim_conf.lr, config.scheduler) == ("adam", 4e-3, "noam")
    assert config.scheduler_conf["warmup_steps"] == 25000
    # Targets are made of the sound that the model gets.
    assert config.dataset.noise_prob == 0.0


def test_layers_are_those_of_the_papers() -> None:
    shapes = {}
    for name in SIZES:
        model = make(name)[1]
        layers = model.encoder.encoders
        conv, attention = layers[0].conv_module.depthwise_conv, layers[0].self_attn
        shapes[name] = (len(layers), model.encoder.output_size(), attention.h, conv.kernel_size[0])
    assert shapes["25m"] == (16, 256, 8, 5)
    assert shapes["120m"] == (17, 512, 8, 31)
    assert shapes["120m_streaming"] == (17, 512, 8, 7)
    assert shapes["600m"][:2] == (24, 1024)


def test_every_configuration_is_counted() -> None:
    found = {path.stem.removeprefix("train_bestrq_") for path in CONF.glob("train_bestrq_*.yaml")}
    assert found == set(SIZES)
