"""Small models of masked and contrastive pre-training, and pairs of sound and film."""

import math

import torch

from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.av_mae import AVMaeConfig, AVMaeModel
from espnet_av.modules.film_grid import FilmConfig
from espnet_av.modules.vit import VitConfig

FILM = FilmConfig(num_frames=4, size=8, patch_frames=2, patch_size=4)
VIT = VitConfig(size=12, num_layers=2, attention_heads=2, linear_units=24)
DECODER = VitConfig(size=8, num_layers=1, attention_heads=2, linear_units=16)
CONFORMER = {
    "output_size": 8,
    "attention_heads": 2,
    "linear_units": 16,
    "num_blocks": 2,
    "cnn_module_kernel": 3,
    "macaron_style": True,
    "use_cnn_module": True,
    "pos_enc_layer_type": "abs_pos",
    "selfattention_layer_type": "selfattn",
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
}
FRONTEND = {"subsampling": "conv1d", "channels": 8, "num_mels": 8}
SMALL = {
    "audio_frontend_conf": FRONTEND,
    "feature_size": 8,
    "dropout_rate": 0.0,
    "encoder_conf": CONFORMER,
    "film": FILM,
    "film_encoder": VIT,
    "decoder": DECODER,
}


WIDER = {
    "audio_frontend_conf": {**FRONTEND, "channels": 32, "num_mels": 16},
    "feature_size": 32,
    "encoder_conf": {**CONFORMER, "output_size": 32, "linear_units": 64, "cnn_module_kernel": 5},
    "film_encoder": VitConfig(size=48, num_layers=1, attention_heads=2, linear_units=96),
    "decoder": VitConfig(size=32, num_layers=2, attention_heads=2, linear_units=64),
}
"""What learns something within seconds."""


def config(**changes):
    """A tiny configuration without dropout."""
    return AVMaeConfig(**{**SMALL, **changes})


def model(seed=0, **changes):
    """The tiny model with fixed random weights."""
    torch.manual_seed(seed)
    return AVMaeModel.from_config(config(**changes), NO_SIZES)


def batch(lengths=(10, 7, 9), seed=0, name="u"):
    """A glide and a colour for each of `lengths` frames at 25 Hz.

    Where the glide begins, and so ends, is the colour: nothing else tells pairs apart.
    """
    generator = torch.Generator().manual_seed(seed)
    longest, count = max(lengths), len(lengths)
    secret = torch.rand(count, generator=generator)
    share = torch.arange(longest * 640) / (longest * 640)
    pitch = torch.lerp(300.0 + 5000.0 * secret, 5300.0 - 5000.0 * secret, share[:, None]).T
    tones = torch.sin(2 * math.pi * pitch.cumsum(dim=1) / 16000) * 0.3
    noise = torch.randn(count, longest * 640, generator=generator) * 0.01
    shape = (count, FILM.num_frames, FILM.size, FILM.size)
    grain = torch.rand(shape, generator=generator) * 20
    shade = grain + 200 * secret[:, None, None, None]
    film = torch.stack([shade, 220 - shade, grain * 5], dim=4)
    return {
        "utt_id": [f"{name}{number}" for number in range(count)],
        "speech": tones + noise,
        "speech_lengths": torch.tensor(lengths) * 640,
        "film": film.clamp(0, 255).to(torch.uint8),
        "film_lengths": torch.full((count,), FILM.num_frames),
    }


def take(data, rows, num_frames=None):
    """Rows of a batch, its sound cut to `num_frames` frames at 25 Hz."""
    made = {name: data[name][rows] for name in data.keys() - {"utt_id"}}
    made["utt_id"] = [data["utt_id"][row] for row in rows]
    if num_frames is not None:
        made["speech"] = made["speech"][:, : num_frames * 640]
    return made


def joined(first, second):
    """One padded batch of two."""
    longest = max(first["speech"].size(1), second["speech"].size(1))
    both = {"utt_id": first["utt_id"] + second["utt_id"]}
    for key in first.keys() - {"utt_id"}:
        parts = [first[key], second[key]]
        if key == "speech":
            parts = [torch.nn.functional.pad(p, (0, longest - p.size(1))) for p in parts]
        both[key] = torch.cat(parts)
    return both
