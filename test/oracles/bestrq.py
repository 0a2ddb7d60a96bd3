"""Small BEST-RQ models and batches for tests."""

import torch

from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.bestrq import BestRQConfig, BestRQModel
from espnet_av.modules.noise_mask import NoiseMaskConfig
from espnet_av.modules.random_projection_quantizer import RandomProjectionConfig

ENCODER = {
    "output_size": 8,
    "attention_heads": 2,
    "linear_units": 16,
    "num_blocks": 2,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
}
SHARED = {
    "audio_frontend_conf": {"num_mels": 20, "channels": 4},
    "feature_size": 8,
    "dropout_rate": 0.0,
    "encoder_conf": ENCODER,
}
"""Keys that a recogniser has too."""


def config(**changes):
    """A model of a few thousand parameters without dropout."""
    values = {
        "mask": NoiseMaskConfig(start_prob=0.1, span=8),
        "quantizer": RandomProjectionConfig(num_codebooks=2, num_entries=16, size=4),
        "min_perplexity": 0.0,
    }
    return BestRQConfig(**{**SHARED, **values, **changes})


def model(seed=0, **changes):
    """The model of `config`, with fixed random weights."""
    torch.manual_seed(seed)
    return BestRQModel.from_config(config(**changes), NO_SIZES)


def batch(lengths=(12, 9, 5), seed=0):
    """Noise: frames at 25 Hz per utterance."""
    generator = torch.Generator().manual_seed(seed)
    frames = torch.tensor(lengths)
    return {
        "utt_id": [f"s{i}-u" for i in range(len(lengths))],
        "speech": torch.randn(len(lengths), max(lengths) * 640, generator=generator) * 0.1,
        "speech_lengths": frames * 640,
    }
