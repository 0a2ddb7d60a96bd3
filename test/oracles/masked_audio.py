"""Small audio-only pre-training models and batches for tests."""

import torch

from espnet_av.models.abs_model import NO_SIZES, Sizes
from espnet_av.models.hubert import HubertConfig, HubertModel
from espnet_av.models.wav2vec2 import Wav2Vec2Config, Wav2Vec2PretrainingModel
from espnet_av.modules.quantizer import QuantizerConfig
from espnet_av.modules.span_mask import SpanMaskConfig

NUM_UNITS = 5
ENCODER = {
    "num_layers": 2,
    "attention_heads": 2,
    "linear_units": 16,
    "pos_conv_kernel": 8,
    "pos_conv_groups": 2,
    "dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "layerdrop": 0.0,
}
SHARED = {
    "audio_frontend_conf": {"channels": 6},
    "feature_size": 8,
    "dropout_rate": 0.0,
    "encoder_conf": ENCODER,
    "projection_size": 4,
    "mask": SpanMaskConfig(start_prob=0.1, span=4),
}


def wav2vec2_config(**changes):
    """A tiny wav2vec 2.0 without dropout."""
    quantizer = QuantizerConfig(num_groups=2, num_entries=3, size=6)
    values = {"quantizer": quantizer, "target_dropout_rate": 0.0, "num_negatives": 5}
    return Wav2Vec2Config(**{**SHARED, **values, **changes})


def hubert_config(**changes):
    """A tiny HuBERT without dropout."""
    return HubertConfig(**{**SHARED, "unmasked_weight": 0.5, **changes})


def model(kind, seed=0, **changes):
    """The tiny model `wav2vec2` or `hubert`, with fixed random weights."""
    torch.manual_seed(seed)
    if kind == "wav2vec2":
        return Wav2Vec2PretrainingModel.from_config(wav2vec2_config(**changes), NO_SIZES)
    return HubertModel.from_config(hubert_config(**changes), Sizes(units=NUM_UNITS))


def batch(lengths=(12, 9, 5), rate=50, seed=0):
    """Noise: frames at 25 Hz per utterance, with units at `rate`."""
    generator = torch.Generator().manual_seed(seed)
    frames = torch.tensor(lengths)
    shape = (len(lengths), max(lengths) * rate // 25)
    return {
        "utt_id": [f"s{i}-u" for i in range(len(lengths))],
        "speech": torch.randn(len(lengths), max(lengths) * 640, generator=generator) * 0.1,
        "speech_lengths": frames * 640,
        "units": torch.randint(0, NUM_UNITS, shape, generator=generator),
    }


def take(data, rows, num_frames=None):
    """Rows of a batch, cut to `num_frames` frames at 25 Hz."""
    samples = None if num_frames is None else num_frames * 640
    return {
        "utt_id": [data["utt_id"][row] for row in rows],
        "speech": data["speech"][rows][:, :samples],
        "speech_lengths": data["speech_lengths"][rows],
        "units": data["units"][rows],
    }
