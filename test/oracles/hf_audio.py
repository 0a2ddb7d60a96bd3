"""Hugging Face's wav2vec 2.0 and HuBERT beside ours: names, small sizes, equal random weights."""

import json
from pathlib import Path

import torch
from transformers import HubertConfig, Wav2Vec2Config

from espnet_av.config import build
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.key_map import KeyMap
from espnet_av.models.hubert.convert import convert as convert_hubert
from espnet_av.models.masked_audio.key_rules import hf_rules
from espnet_av.models.wav2vec2.convert import HF_HEADS
from espnet_av.models.wav2vec2.convert import convert as convert_wav2vec2

CONVERT = {"wav2vec2": convert_wav2vec2, "hubert": convert_hubert}

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 6,
    "num_conv_pos_embedding_groups": 2,
    "layerdrop": 0.0,
}
NO_DROPOUT = dict.fromkeys(
    [
        "hidden_dropout",
        "attention_dropout",
        "activation_dropout",
        "feat_proj_dropout",
        "feat_quantizer_dropout",
    ],
    0.0,
)
QUANTIZER = {"num_codevector_groups": 2, "num_codevectors_per_group": 5, "codevector_dim": 6}
PROJECTION_SIZE = 10


def our_name(name):
    """Our name of a weight of `Wav2Vec2ForPreTraining`."""
    ((ours, _),) = KeyMap(hf_rules("wav2vec2.") + HF_HEADS).places(name)
    return ours


def their_config(kind, norm, pre_norm):
    """Their configuration `wav2vec2` or `hubert`."""
    config_class = {"wav2vec2": Wav2Vec2Config, "hubert": HubertConfig}[kind]
    values = {**SIZES, **NO_DROPOUT}
    if kind == "wav2vec2":
        values |= {**QUANTIZER, "proj_codevector_dim": PROJECTION_SIZE, "num_negatives": 4}
    return config_class(
        **values,
        feat_extract_norm=norm,
        conv_bias=norm == "layer",
        do_stable_layer_norm=pre_norm,
        mask_time_prob=0.1,
    )


def randomise(theirs):
    """Weights that are all random and none small."""
    for name, parameter in theirs.named_parameters():
        if name.endswith("layer_norm.weight"):
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
        elif parameter.dim() == 1:
            torch.nn.init.normal_(parameter, std=0.2)
        else:
            torch.nn.init.normal_(parameter, std=0.25)
    return theirs


def as_checkpoint(theirs, **changes):
    """A model of theirs as it would be read from its folder; waves are not normalised."""
    values = {
        "path": Path("their_model"),
        "style": "hf",
        "weights": {name: value.detach() for name, value in theirs.state_dict().items()},
        "config": json.loads(theirs.config.to_json_string(use_diff=False)),
        "preprocessor": {"do_normalize": False},
    }
    return ForeignCheckpoint(**{**values, **changes})


def build_converted(converted, **changes):
    """The model of a conversion, in evaluation."""
    config_class, model_class = MODELS[converted.model]
    config = build(config_class, {**converted.model_conf, **changes})
    model = model_class.from_config(config, Sizes(units=converted.num_units))
    model.load_state_dict(converted.weights)
    return model.eval()


def twins(kind, norm, pre_norm, their_class):
    """(theirs, ours) with the same weights, through our converter."""
    torch.manual_seed(0)
    theirs = randomise(their_class(their_config(kind, norm, pre_norm)))
    converted = CONVERT[kind](as_checkpoint(theirs))
    return theirs, build_converted(converted, features_penalty=0.0)


def noise(frames=(11, 6, 9), seed=0):
    """(speech with zeros beyond each length, lengths in samples)."""
    lengths = torch.tensor(frames) * 640
    speech = torch.randn(
        len(frames), int(lengths.max()), generator=torch.Generator().manual_seed(seed)
    )
    inside = torch.arange(speech.size(1)) < lengths.unsqueeze(1)
    return torch.where(inside, speech, 0.0), lengths
