"""Every configuration of every recipe is read, and every model it names is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.corpora.mini_av import MiniAvConfig
from espnet_av.corpora.mini_coco import MiniCocoConfig
from espnet_av.dump.config import DumpConfig
from espnet_av.images.config import ImagesConfig
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.noise.config import NoiseConfig
from espnet_av.recipe.experiment_list import load_experiments
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.text_models.config import TextModelsConfig
from espnet_av.train.config import TrainConfig
from espnet_av.train.schedules import build_schedule
from espnet_av.units.config import UnitsConfig
from espnet_av.vectors.config import VectorsConfig

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(ROOT.glob("egs2/*/*/conf/**/*.yaml"))
KINDS = {
    "train": TrainConfig,
    "decode": DecodeConfig,
    "roi": RoiConfig,
    "dump": DumpConfig,
    "noise": NoiseConfig,
    "images": ImagesConfig,
    "units": UnitsConfig,
    "vectors": VectorsConfig,
    "texts": TextModelsConfig,
}
CORPORA = {"mini_av": MiniAvConfig, "mini_coco": MiniCocoConfig}
"""Of those that are made here, each of its own kind."""
LISTS = "experiments"
"""Of named experiments, which have a reader of their own."""


SIZES = {
    "25m": 25_000_000,
    "large": 100_000_000,
    "120m": 115_000_000,
    "300m": 300_000_000,
    "600m": 600_000_000,
    "2b": 2_000_000_000,
}
"""End of a configuration's name -> its model has more parameters."""


def kind(path: Path) -> str:
    return path.stem.split("_")[0]


def config_class(path: Path) -> type:
    corpus = path.relative_to(ROOT / "egs2").parts[0]
    return CORPORA[corpus] if kind(path) == "corpus" else KINDS[kind(path)]


def ident(path: Path) -> str:
    return str(path.relative_to(ROOT / "egs2"))


@contextmanager
def skip_init() -> Iterator[None]:
    """Leave large weights as allocated: only shapes matter here."""
    names = ("kaiming_uniform_", "uniform_", "normal_", "xavier_uniform_")
    saved = {name: getattr(torch.nn.init, name) for name in names}
    for name in names:
        setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)
    try:
        yield
    finally:
        for name, function in saved.items():
            setattr(torch.nn.init, name, function)


def test_every_configuration_is_of_a_known_kind() -> None:
    assert {kind(path) for path in CONFIGS} == {*KINDS, "corpus", LISTS}


@pytest.mark.parametrize("path", CONFIGS, ids=ident)
def test_configuration_is_valid(path: Path) -> None:
    if kind(path) == LISTS:
        load_experiments(path)
    else:
        load_config(config_class(path), path)


@pytest.mark.parametrize("path", [p for p in CONFIGS if kind(p) == "train"], ids=ident)
def test_model_is_built(path: Path) -> None:
    config = load_config(TrainConfig, path)
    config_class, model_class = MODELS[config.model]
    # Any model below a head will do.
    below = {"upstream": {"model": "bestrq"}} if config.upstream else {}
    model_config = build(config_class, {**below, **config.model_conf}, str(path))
    # Elsewhere, real weights show that the encoder keeps the number of frames.
    shapes_alone = getattr(model_config, "encoder", None) == "wav2vec2" or "600m" in path.stem
    sizes = Sizes(vocab=40, units=60, labels=len(config.dataset.classes) or None)
    with torch.device("meta") if shapes_alone else skip_init():
        model = model_class.from_config(model_config, sizes)
    size = sum(parameter.numel() for parameter in model.parameters())
    assert size > 10_000
    if path.parent.name != "tiny":
        assert size > SIZES.get(path.stem.rpartition("_")[2], 0)


@pytest.mark.parametrize("path", [p for p in CONFIGS if kind(p) == "train"], ids=ident)
def test_schedule_and_optimiser_options_are_known(path: Path) -> None:
    config = load_config(TrainConfig, path)
    schedule = build_schedule(config.scheduler, config.scheduler_conf)
    assert schedule.scale(config.max_steps // 2, config.max_steps) > 0
