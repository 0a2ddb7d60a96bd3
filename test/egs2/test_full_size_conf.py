"""The configurations of published sizes have the published numbers of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.train.config import TrainConfig

FULL = Path(__file__).resolve().parents[2] / "egs2/mini_av/avsr1/conf/full"
NUM_UNITS, PROJECTION = 2000, 256

# Without the embeddings of the units, as published counts are: AV-HuBERT 103 and 325 million, XLS-R
# 317, 965 and 2162 million; with 57.5 million of a decoder for 1000 tokens. XLAVS-R has XLS-R's
# convolutions and transformer, AV-HuBERT's eye and head, and one Linear that joins them.
SIZES = {
    "avhubert_base": 102_817_920,
    "avhubert_base_iter5": 102_817_256,
    "avhubert_large": 324_885_480,
    "uhubert_large": 324_885_480,
    "wav2vec2_xlsr_300m": 317_390_592,
    "wav2vec2_xlsr_1b": 965_514_752,
    "wav2vec2_xlsr_2b": 2_162_932_352,
    "xlavsr_300m": 329_511_296,
    "xlavsr_2b": 2_179_297_792,
    "avsr_avhubert_base": 160_100_480,
}


def make(name: str) -> tuple[TrainConfig, torch.nn.Module]:
    config = load_config(TrainConfig, FULL / f"train_{name}.yaml")
    config_class, model_class = MODELS[config.model]
    model_config = build(config_class, config.model_conf, name)
    with torch.device("meta"):
        return config, model_class.from_config(model_config, vocab_size=1000, num_units=NUM_UNITS)


@pytest.mark.parametrize("name", SIZES)
def test_number_of_parameters(name: str) -> None:
    _, model = make(name)
    size = sum(parameter.numel() for parameter in model.parameters())
    if name.startswith(("avhubert", "uhubert", "xlavsr")):
        size -= NUM_UNITS * PROJECTION
    assert size == SIZES[name]


def test_every_configuration_is_counted() -> None:
    assert {f"train_{name}" for name in SIZES} == {path.stem for path in FULL.glob("train_*.yaml")}


def test_two_billion_parameters_are_sharded_and_checkpointed() -> None:
    for name in ("wav2vec2_xlsr_2b", "xlavsr_2b"):
        config = load_config(TrainConfig, FULL / f"train_{name}.yaml")
        assert config.strategy == "fsdp2" and config.precision == "bf16"
        assert config.model_conf["encoder_conf"]["checkpoint_layers"] is True


def test_a_training_step_of_the_largest_model() -> None:
    """Forward and backward of XLAVS-R 2B in shapes: every parameter gets a gradient."""
    _, model = make("xlavsr_2b")
    lengths, frames = torch.tensor([50, 40]), 50
    loss, _, _ = model.train()(
        speech=torch.zeros(2, 640 * frames, device="meta"),
        speech_lengths=640 * lengths,
        video=torch.zeros(2, frames, 88, 88, dtype=torch.uint8, device="meta"),
        video_lengths=lengths,
        units=torch.zeros(2, 2 * frames, dtype=torch.int64, device="meta"),
        units_lengths=2 * lengths,
        utt_id=["a", "b"],
    )
    loss.backward()
    assert all(p.grad.shape == p.shape for p in model.parameters())
