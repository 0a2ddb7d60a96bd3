"""Full-size wav2vec 2.0, XLS-R and HuBERT on the meta device: published sizes, a training step."""

import pytest
import torch
from oracles.published_models import HUBERT, WAV2VEC2

from espnet_av.config import build
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes

# (all, without what only pre-training needs, transformer, convolutions); the first two are what
# Hugging Face's Wav2Vec2ForPreTraining and Wav2Vec2Model of these sizes have.
SIZES = {
    ("wav2vec2", "base"): (95_044_608, 94_371_712, 89_775_488, 4_200_448),
    ("wav2vec2", "xls_r_300m"): (317_390_592, 315_438_720, 310_701_184, 4_210_176),
    ("wav2vec2", "xls_r_1b"): (965_514_752, 962_497_408, 957_628_288, 4_210_176),
    ("wav2vec2", "xls_r_2b"): (2_162_932_352, 2_159_259_648, 2_154_061_568, 4_210_176),
    ("hubert", "base"): (94_696_576, 94_371_712, 89_775_488, 4_200_448),
    ("hubert", "large"): (316_609_920, 315_438_720, 310_701_184, 4_210_176),
    ("hubert", "xlarge"): (964_321_152, 962_497_408, 957_628_288, 4_210_176),
}


def make(family, size):
    config_class, model_class = MODELS[family]
    config = build(config_class, {"wav2vec2": WAV2VEC2, "hubert": HUBERT}[family][size])
    with torch.device("meta"):
        return model_class.from_config(config, Sizes(units=500 if family == "hubert" else None))


def count(parameters):
    return sum(parameter.numel() for parameter in parameters)


@pytest.mark.parametrize(("family", "size"), SIZES)
def test_parameters(family, size):
    model = make(family, size)
    kept = ("frontend.", "encoder.", "mask_emb")
    trunk = [value for name, value in model.named_parameters() if name.startswith(kept)]
    got = map(count, (model.parameters(), trunk, model.encoder.parameters()))
    assert (*got, count(model.audio.extractor.parameters())) == SIZES[family, size]


def test_every_published_model_is_counted():
    listed = {("wav2vec2", size) for size in WAV2VEC2} | {("hubert", size) for size in HUBERT}
    assert listed == set(SIZES)


def test_a_training_step_of_two_billion_parameters():
    """Forward and backward with checkpointing: the shapes fit, every parameter has a gradient."""
    model = make("wav2vec2", "xls_r_2b").train()
    assert model.encoder.checkpoint_layers
    lengths = torch.tensor([320_000, 250_000])
    loss, _, weight = model(torch.zeros(2, 320_000, device="meta"), lengths)
    loss.backward()
    assert weight.shape == ()
    assert all(p.grad.shape == p.shape for p in model.parameters())
