"""Small random audio-visual batches and models for tests."""

import torch

from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel

VOCAB_SIZE, NUM_UNITS = 12, 5


def batch(lengths=(9, 6, 4), size=24, tokens=3, seed=0):
    """Padded batch of noise: frames per utterance, pixels, tokens per utterance."""
    generator = torch.Generator().manual_seed(seed)
    num, longest = len(lengths), max(lengths)
    frames = torch.tensor(lengths)
    text = torch.randint(1, VOCAB_SIZE - 1, (num, tokens), generator=generator)
    return {
        "utt_id": [f"s{i}-u" for i in range(num)],
        "speech": torch.randn(num, longest * 640, generator=generator) * 0.1,
        "speech_lengths": frames * 640,
        "video": torch.randint(
            0, 256, (num, longest, size, size), generator=generator, dtype=torch.uint8
        ),
        "video_lengths": frames,
        "text": text,
        "text_lengths": torch.full((num,), tokens),
        "units": torch.randint(0, NUM_UNITS, (num, longest), generator=generator),
    }


CONFORMER = {"output_size": 8, "attention_heads": 2, "linear_units": 8, "num_blocks": 2}


def config(**changes):
    """A recogniser of a few thousand parameters with every loss switched on, without dropout."""
    encoder = {**CONFORMER, "dropout_rate": 0.0, "positional_dropout_rate": 0.0}
    spec_augment = {"num_freq_masks": 0, "num_time_masks": 0}
    decoder = {"num_blocks": 1, "linear_units": 8, "attention_heads": 2, "dropout_rate": 0.0}
    values = {
        "audio_frontend_conf": {"num_mels": 20, "channels": 4, "spec_augment": spec_augment},
        "visual_frontend_conf": {"width": 2},
        "feature_size": 8,
        "dropout_rate": 0.0,
        "encoder_conf": encoder,
        "decoder": "transformer",
        "decoder_conf": {**decoder, "positional_dropout_rate": 0.0},
        "ctc_weight": 0.3,
        "interctc_layers": [1],
        "units_weight": 0.5,
    }
    return AVSRConfig(**{**values, **changes})


def model(seed=0, **changes):
    """The model of `config`, with fixed random weights."""
    torch.manual_seed(seed)
    cfg = config(**changes)
    made = AVSRModel.from_config(cfg, Sizes(vocab=VOCAB_SIZE, units=NUM_UNITS))
    if cfg.fusion == "sum":
        # It starts deaf to the lips, which would prove nothing about them.
        torch.nn.init.normal_(made.frontend.fusion.project.weight)
    return made
