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
HOURS = """
ar 85.2 be 903.9 bg 8.2 ca 916.8 cs 54.9 cy 116.3 da 6.6 de 1062.8 el 15.9 en 2185.8 eo 1407.9
es 404.6 et 33.0 eu 98.9 fa 317.3 fi 8.5 fr 826.1 fy-NL 49.6 ga-IE 4.3 gl 10.2 ha 3.4 hi 11.7
hu 19.9 id 25.8 it 310.6 ja 40.8 ka 7.6 kmr 47.0 ky 37.2 lt 17.4 lv 7.1 mn 12.4 mt 8.3 nl 98.0
pl 142.2 pt 112.0 ro 15.8 ru 162.6 rw 2000.7 sk 17.7 sl 9.6 sv-SE 40.8 sw 146.8 ta 217.7
th 142.1 tr 65.1 tt 29.2 ug 59.8 uk 63.4 uz 81.0 vi 4.5 zh-CN 68.0 zh-HK 99.7 zh-TW 62.6
"""


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
    told = HOURS.split()
    hours = dict(zip(told[::2], map(float, told[1::2]), strict=True))
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
