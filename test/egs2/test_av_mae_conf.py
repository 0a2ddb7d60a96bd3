"""Configurations of masked and contrastive pre-training: sizes, what goes over, a training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.train.config import TrainConfig

CONF = Path(__file__).resolve().parents[2] / "egs2/librispeech/asr1/conf"
PRETRAINING = ("train_av_mae", "train_mae", "train_clr")


def make(path: Path) -> torch.nn.Module:
    config = load_config(TrainConfig, path)
    config_class, model_class = MODELS[config.model]
    with torch.device("meta"):
        return model_class.from_config(build(config_class, config.model_conf), Sizes(vocab=1000))


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("name", PRETRAINING)
def test_sizes_of_the_paper(name: str) -> None:
    """A Conformer of about 30 M, ViT-B of 86 M, a decoder of 14 M where there is one."""
    config, model = load_config(TrainConfig, CONF / f"{name}.yaml"), make(CONF / f"{name}.yaml")
    film, dataset = model.config.film, config.dataset
    assert len(model.encoder.encoders) == 16 and list(model.layers())[-1] == 16
    assert 24e6 < count(model.encoder) + count(model.frontend) < 32e6
    assert count(model.film_encoder) == 86_236_416
    assert hasattr(model, "filler") == (name != "train_clr")
    if name != "train_clr":
        assert count(model.filler) == 13_957_952
    assert hasattr(model, "logit_scale") == (name != "train_mae")
    assert (film.num_frames, film.size) == (dataset.film_frames, dataset.film_size)
    assert film.num_patches == 1568 and dataset.max_frames == 250
    assert 8 * min(config.max_utts, config.batch_frames // 250) >= 256


@pytest.mark.parametrize("folder", [CONF, CONF / "tiny"], ids=["full", "tiny"])
def test_recognition_takes_all_of_front_end_and_encoder(folder: Path) -> None:
    parts = ("frontend.", "encoder.")
    shapes = [
        {name: p.shape for name, p in make(path).state_dict().items() if name.startswith(parts)}
        for path in (folder / "train_av_mae.yaml", folder / "train_asr_ctc.yaml")
    ]
    assert shapes[0] == shapes[1] and shapes[0]
    if folder == CONF:
        for name in PRETRAINING[1:]:
            other = make(folder / f"{name}.yaml").state_dict()
            assert all(other[key].shape == shape for key, shape in shapes[0].items())
