"""wav2vec 2.0, XLS-R and HuBERT as a model folder of Hugging Face."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.models.conversion.key_map import Dropped, KeyMap, KeyReport, Rule
from espnet_av.models.masked_audio.config import MaskedAudioConfig
from espnet_av.models.masked_audio.key_rules import hf_rules
from espnet_av.modules.frontend.wave_frontend import CONVOLUTIONS, WaveConfig
from espnet_av.modules.wav2vec2_encoder import Wav2Vec2Encoder
from espnet_av.rates import SAMPLE_RATE


@dataclass(frozen=True)
class HFModel:
    """The files of a model folder."""

    config: dict[str, Any]
    """`config.json`."""
    preprocessor: dict[str, Any]
    """`preprocessor_config.json`."""
    weights: dict[str, Tensor]
    """`model.safetensors`."""
    report: KeyReport


def make_hf_model(
    config: MaskedAudioConfig,
    weights: Mapping[str, Tensor],
    model_type: Literal["wav2vec2", "hubert"],
    architecture: str,
    heads: tuple[Rule, ...] = (),
    dropped: tuple[Dropped, ...] = (),
    extra: Mapping[str, Any] | None = None,
) -> HFModel:
    """Rename weights and write down the sizes.

    Args:
        config: of our model.
        weights: all of them.
        model_type: Hugging Face's name of the family.
        architecture: Hugging Face's class.
        heads: rules of what is not in `hf_rules`, from their names.
        dropped: ours that the class has no place for.
        extra: keys of `config.json` for the heads.

    Raises:
        ConfigError: Hugging Face's class cannot represent the model.
    """
    if config.frame_rate != 50:
        msg = f"frame_rate is {config.frame_rate}; Hugging Face's {model_type} has 50 Hz only"
        raise ConfigError(msg)
    prefix = f"{model_type}." if heads else ""
    names = KeyMap(hf_rules(prefix) + heads).inverted(dropped)
    renamed, report = names.apply(weights, names.shapes(weights))
    wave = build(WaveConfig, config.audio_frontend_conf, "audio_frontend_conf")
    return HFModel(
        {
            "architectures": [architecture],
            "model_type": model_type,
            **_sizes(config, wave),
            **(extra or {}),
        },
        {
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "feature_size": 1,
            "sampling_rate": SAMPLE_RATE,
            "padding_value": 0.0,
            "padding_side": "right",
            "do_normalize": wave.normalise_wave,
            "return_attention_mask": wave.norm == "layer_norm",
        },
        renamed,
        report,
    )


def _sizes(config: MaskedAudioConfig, wave: WaveConfig) -> dict[str, Any]:
    """Keys of `config.json` for convolutions and transformer."""
    parameters = inspect.signature(Wav2Vec2Encoder.__init__).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    encoder = {**defaults, **config.encoder_conf}
    is_layer_norm = wave.norm == "layer_norm"
    return {
        "hidden_size": config.feature_size,
        "num_hidden_layers": encoder["num_layers"],
        "num_attention_heads": encoder["attention_heads"],
        "intermediate_size": encoder["linear_units"],
        "hidden_act": "gelu",
        "hidden_dropout": encoder["dropout_rate"],
        "attention_dropout": encoder["attention_dropout_rate"],
        "activation_dropout": encoder["activation_dropout_rate"],
        "layerdrop": encoder["layerdrop"],
        "feat_proj_dropout": config.dropout_rate,
        "layer_norm_eps": 1e-5,
        "feat_extract_norm": "layer" if is_layer_norm else "group",
        "feat_extract_activation": "gelu",
        "conv_bias": is_layer_norm or wave.biases,
        "conv_dim": [wave.channels] * len(CONVOLUTIONS),
        "conv_kernel": [kernel for kernel, _ in CONVOLUTIONS],
        "conv_stride": [stride for _, stride in CONVOLUTIONS],
        "num_feat_extract_layers": len(CONVOLUTIONS),
        "num_conv_pos_embeddings": encoder["pos_conv_kernel"],
        "num_conv_pos_embedding_groups": encoder["pos_conv_groups"],
        "do_stable_layer_norm": encoder["pre_norm"],
    }
