"""Full-size models have the published numbers of parameters; built without memory."""

import pytest
import torch

from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert import AVHubertConfig, AVHubertModel

LARGE = {"num_layers": 24, "attention_heads": 16, "linear_units": 4096}
TWO_BILLION = {"num_layers": 48, "attention_heads": 16, "linear_units": 7680}
WAVE = {"audio_frontend": "wave", "fusion": "linear", "frame_rate": 50}
SIZES = {
    "base": ({}, 102.8, 89.8),
    "large": ({"feature_size": 1024, "encoder_conf": LARGE}, 324.9, 310.7),
    "xlavsr_300m": ({"feature_size": 1024, "encoder_conf": LARGE, **WAVE}, 329.5, 310.7),
    "xlavsr_2b": ({"feature_size": 1920, "encoder_conf": TWO_BILLION, **WAVE}, 2179.3, 2154.1),
}
"""Settings, millions in all but the unit vectors, millions in the transformer."""


@pytest.mark.parametrize("name", SIZES)
def test_published_sizes(name):
    conf, total, encoder = SIZES[name]
    with torch.device("meta"):
        model = AVHubertModel.from_config(build(AVHubertConfig, conf), Sizes(units=2000))
    counts = {n: p.numel() / 1e6 for n, p in model.named_parameters()}
    assert sum(p.numel() for p in model.encoder.parameters()) / 1e6 == pytest.approx(
        encoder, abs=0.05
    )
    without = sum(count for n, count in counts.items() if n != "units_head.label_embs")
    assert without == pytest.approx(total, abs=0.05)
    visual = model.frontend.visual
    projection = sum(p.numel() for p in visual.project.parameters())
    assert sum(p.numel() for p in visual.parameters()) - projection == 11_186_688
