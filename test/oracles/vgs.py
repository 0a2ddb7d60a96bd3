"""Small models of visually grounded speech, and batches with images."""

import torch
from oracles import masked_audio
from oracles.masked_audio import ENCODER, NUM_UNITS, SHARED

from espnet_av.models.abs_model import Sizes
from espnet_av.models.vgs import VGSConfig, VGSModel
from espnet_av.modules.bert_layer import BertConfig
from espnet_av.modules.image_branch import ImageConfig
from espnet_av.modules.resdavenet import ResDavenetConfig

NUM_REGIONS, FEATURES = 4, 7
BERT = BertConfig(attention_heads=2, linear_units=12, dropout_rate=0.0, attention_dropout_rate=0.0)
SMALL = {
    **SHARED,
    "encoder_conf": {**ENCODER, "num_layers": 3},
    "grounding_layer": 2,
    "resdavenet": ResDavenetConfig(stem=6, widths=(4, 5, 8), kernel=3),
    "image": ImageConfig(feature_size=FEATURES, num_layers=2),
    "bert": BERT,
    "vector_size": 10,
}


def config(**changes):
    """A tiny configuration without dropout."""
    return VGSConfig(**{**SMALL, **changes})


def model(seed=0, **changes):
    """The tiny model with fixed random weights."""
    torch.manual_seed(seed)
    made = VGSModel.from_config(config(**changes), Sizes(units=NUM_UNITS))
    for name, value in made.named_parameters():
        # BERT's first weights are so small that scores say nothing.
        if name.startswith(("speech_head", "image_branch", "cross_encoder")) and value.dim() > 1:
            torch.nn.init.normal_(value, std=0.4)
    return made


def batch(lengths=(24, 9, 15), images=None, seed=0, regions=NUM_REGIONS):
    """Noise, units at 50 Hz, and an image for each number in `images`; a new one each if None."""
    made = masked_audio.batch(lengths, seed=seed)
    ids = list(range(len(lengths))) if images is None else list(images)
    pictures = [picture(number, regions) for number in ids]
    count = torch.full((len(ids),), regions)
    return {
        **made,
        "image": torch.stack([features for features, _ in pictures]),
        "image_lengths": count,
        "boxes": torch.stack([boxes for _, boxes in pictures]),
        "boxes_lengths": count,
        "image_id": torch.tensor(ids),
    }


def picture(number, regions=NUM_REGIONS):
    """Features (R, F) and boxes (R, 4) of the image of a number."""
    generator = torch.Generator().manual_seed(1000 + number)
    features = torch.randn(regions, FEATURES, generator=generator)
    return features, torch.rand(regions, 4, generator=generator)


def take(data, rows, num_frames=None):
    """Rows of a batch, its sound cut to `num_frames` frames at 25 Hz."""
    made = masked_audio.take(data, rows, num_frames)
    pictures = ("image", "image_lengths", "boxes", "boxes_lengths", "image_id")
    return {**made, **{name: data[name][rows] for name in pictures}}
