"""Small models of semantic distillation, and batches with a teacher's vectors."""

import torch
from oracles import masked_audio

from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.samu import SamuConfig, SamuModel
from espnet_av.modules.feature_mask import FeatureMaskConfig

VECTOR_SIZE = 6


def config(**changes):
    """A tiny SAMU without dropout; it hides features in training."""
    values = {
        "audio_frontend_conf": {"channels": 6},
        "feature_size": 8,
        "encoder_conf": masked_audio.ENCODER,
        "feature_mask": FeatureMaskConfig(channel_span=2),
        "vector_size": VECTOR_SIZE,
        "beta": 2.0,
    }
    return SamuConfig(**{**values, **changes})


def model(seed=0, **changes):
    """The model of `config`, with fixed random weights."""
    torch.manual_seed(seed)
    return SamuModel.from_config(config(**changes), NO_SIZES)


def batch(lengths=(12, 9, 5), seed=0):
    """Noise: frames at 25 Hz per utterance, with random vectors and two languages."""
    made = masked_audio.batch(lengths, seed=seed)
    generator = torch.Generator().manual_seed(seed + 1)
    made["teacher"] = torch.randn(len(lengths), VECTOR_SIZE, generator=generator)
    made["lang"] = [("en", "fr")[i % 2] for i in range(len(lengths))]
    del made["units"]
    return made
