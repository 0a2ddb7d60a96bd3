"""Distillation's configurations: published sizes, what learns, shares of the languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.data.balance import group_shares
from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.samu import SamuConfig, SamuModel
from espnet_av.train.config import TrainConfig
from espnet_av.train.freezing import FrozenParts

CONF = Path(__file__).resolve().parents[2] / "egs2/commonvoice/samu1/conf"
# XLS-R without what only its pre-training needs, and a head: pooling D + 1, projection 768 D + 768.
XLSR = {"300m": (315_438_720, 1024), "1b": (962_497_408, 1280), "2b": (2_159_259_648, 1920)}
EXTRACTOR = 4_210_176
HOURS = dict(
    line.split("\t") for line in (CONF / "hours.tsv").read_text(encoding="utf-8").splitlines()[1:]
)


@pytest.mark.parametrize("size", XLSR)
def test_parameters_of_the_published_sizes(size: str) -> None:
    config = load_config(TrainConfig, CONF / f"train_samu_xlsr_{size}.yaml")
    with torch.device("meta"):
        model = SamuModel.from_config(build(SamuConfig, config.model_conf), NO_SIZES)
    trunk, width = XLSR[size]
    head = 769 * width + 768 + 1
    assert sum(p.numel() for p in model.parameters()) == trunk + head
    assert sum(p.numel() for p in model.head.parameters()) == head
    FrozenParts(model, config.freeze_param)
    learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert learning == trunk + head - EXTRACTOR, "the convolutions alone are frozen"
    assert config.best_model_criterion == (("valid", "cosine_macro", "max"),)


def test_languages_are_drawn_almost_evenly() -> None:
    """Hours of Common Voice 8; q = p^0.05 / sum: en 2.2 %, ha 1.6 % and 60 times repeated."""
    hours = {lang: float(told) for lang, told in HOURS.items()}
    total = sum(hours.values())
    assert len(hours) == 54 and total == pytest.approx(12_705, abs=1)
    for path in CONF.glob("**/train_*.yaml"):
        sampling = load_config(TrainConfig, path).sampling
        assert sampling is not None and sampling.by == "lang"
        shares = group_shares(hours, sampling.temperature)
        assert shares["en"] == pytest.approx(0.022, abs=5e-4)
        assert shares["ha"] == pytest.approx(0.016, abs=5e-4)
        assert shares["en"] / (hours["en"] / total) == pytest.approx(0.13, abs=5e-3)
        assert shares["ha"] / (hours["ha"] / total) == pytest.approx(60, abs=1)
        assert max(shares.values()) / min(shares.values()) == pytest.approx(1.38, abs=5e-3)
