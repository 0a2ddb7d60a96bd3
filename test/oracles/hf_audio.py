"""Hugging Face's wav2vec 2.0 and HuBERT beside ours: names, small sizes, equal random weights."""

import re

import torch
from transformers import HubertConfig, Wav2Vec2Config

from espnet_av.models.hubert import HubertConfig as OurHubertConfig
from espnet_av.models.hubert import HubertModel as OurHubertModel
from espnet_av.models.wav2vec2 import Wav2Vec2Config as OurConfig
from espnet_av.models.wav2vec2 import Wav2Vec2PretrainingModel
from espnet_av.modules.quantizer import QuantizerConfig

TAPS = r"^encoder\.pos_conv_embed\.conv\.parametrizations\.weight\."
CONV = r"^feature_extractor\.conv_layers\.(\d+)\."

NAMES = (
    (r"^wav2vec2\.", ""),
    (CONV + r"conv\.", r"frontend.audio.extractor.convs.\1."),
    (CONV + r"layer_norm\.", r"frontend.audio.extractor.norms.\1."),
    (r"^feature_projection\.layer_norm\.", "frontend.audio.layer_norm."),
    (r"^feature_projection\.projection\.", "frontend.audio.project."),
    (r"^masked_spec_embed$", "mask_emb"),
    (TAPS + "original0$", "encoder.pos_conv.0.weight_g"),
    (TAPS + "original1$", "encoder.pos_conv.0.weight_v"),
    (r"^encoder\.pos_conv_embed\.conv\.bias$", "encoder.pos_conv.0.bias"),
    (r"^(encoder\.layers\.\d+)\.attention\.", r"\1.self_attn."),
    (r"^(encoder\.layers\.\d+)\.layer_norm\.", r"\1.self_attn_layer_norm."),
    (r"^(encoder\.layers\.\d+)\.feed_forward\.intermediate_dense\.", r"\1.fc1."),
    (r"^(encoder\.layers\.\d+)\.feed_forward\.output_dense\.", r"\1.fc2."),
    (r"^quantizer\.codevectors$", "quantizer.vars"),
    (r"^project_hid\.", "final_proj."),
)
"""(pattern, replacement) from Hugging Face's names to ours; a name may match several, in order."""

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
    for pattern, replacement in NAMES:
        name = re.sub(pattern, replacement, name)
    return name


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


def our_model(kind, norm, pre_norm):
    """Our model of the same sizes."""
    encoder = {
        "num_layers": 3,
        "attention_heads": 2,
        "linear_units": 24,
        "pos_conv_kernel": 6,
        "pos_conv_groups": 2,
        "pre_norm": pre_norm,
        "layerdrop": 0.0,
        "dropout_rate": 0.0,
        "attention_dropout_rate": 0.0,
    }
    values = {
        "audio_frontend_conf": {"channels": 8, "norm": f"{norm}_norm", "normalise_wave": False},
        "feature_size": 16,
        "dropout_rate": 0.0,
        "encoder_conf": encoder,
        "features_penalty": 0.0,
        "projection_size": PROJECTION_SIZE,
    }
    if kind == "hubert":
        return OurHubertModel.from_config(OurHubertConfig(**values), num_units=4)
    quantizer = QuantizerConfig(num_groups=2, num_entries=5, size=6)
    config = OurConfig(quantizer=quantizer, target_dropout_rate=0.0, num_negatives=4, **values)
    return Wav2Vec2PretrainingModel.from_config(config)


def twins(kind, norm, pre_norm, their_class):
    """(theirs, ours) with the same weights, all of them random and none small."""
    torch.manual_seed(0)
    theirs = their_class(their_config(kind, norm, pre_norm))
    for name, parameter in theirs.named_parameters():
        if name.endswith("layer_norm.weight"):
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
        elif parameter.dim() == 1:
            torch.nn.init.normal_(parameter, std=0.2)
        else:
            torch.nn.init.normal_(parameter, std=0.25)
    ours = our_model(kind, norm, pre_norm)
    report = ours.load_state_dict(
        {our_name(name): value for name, value in theirs.state_dict().items()}, strict=False
    )
    assert not report.unexpected_keys
    heads = ("quantizer.", "project_q.", "final_proj.", "units_head.")
    assert all(name.startswith(heads) for name in report.missing_keys), report.missing_keys
    return theirs, ours


def noise(frames=(11, 6, 9), seed=0):
    """(speech with zeros beyond each length, lengths in samples)."""
    lengths = torch.tensor(frames) * 640
    speech = torch.randn(
        len(frames), int(lengths.max()), generator=torch.Generator().manual_seed(seed)
    )
    inside = torch.arange(speech.size(1)) < lengths.unsqueeze(1)
    return torch.where(inside, speech, 0.0), lengths
