"""Our configuration from Hugging Face's or fairseq's, checked against the weights."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Size

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.modules.frontend.wave_frontend import CONVOLUTIONS
from espnet_av.rates import SAMPLE_RATE

"""Of the sound that every model here hears."""
_HEADS = {768: 12, 1024: 16, 1280: 16, 1920: 16}
"""Attention heads of the published sizes; the only size that shapes do not show."""
_HF_RATES = {
    "dropout_rate": "hidden_dropout",
    "attention_dropout_rate": "attention_dropout",
    "activation_dropout_rate": "activation_dropout",
    "layerdrop": "layerdrop",
}
_FAIRSEQ_RATES = {
    "dropout_rate": "dropout",
    "attention_dropout_rate": "attention_dropout",
    "activation_dropout_rate": "activation_dropout",
    "layerdrop": "encoder_layerdrop",
}
_HF_FIXED = {
    "hidden_act": "gelu",
    "feat_extract_activation": "gelu",
    "layer_norm_eps": 1e-5,
    "conv_kernel": [kernel for kernel, _ in CONVOLUTIONS],
    "conv_stride": [stride for _, stride in CONVOLUTIONS],
    "add_adapter": False,
    "feat_proj_layer_norm": True,
    "conv_pos_batch_norm": False,
    "adapter_attn_dim": None,
}
"""What our model has no setting for."""
_FAIRSEQ_FIXED = {
    "activation_fn": "gelu",
    "layer_type": "transformer",
    "pos_conv_depth": 1,
    "conv_pos_batch_norm": False,
    "target_glu": False,
    "quantize_input": False,
    "codebook_negatives": 0,
    "quantizer_depth": 1,
    "modality_fuse": "concat",
    "sub_encoder_layers": 0,
    "sim_type": "cosine",
    "wav_input": False,
}


def shape_of(shapes: Mapping[str, Size], name: str, path: Path, family: str) -> Size:
    """Shape of one of our weights.

    Raises:
        CheckpointError: the source has none for it.
    """
    if name not in shapes:
        msg = f"{path}: nothing in it is {name}; it is no checkpoint of {family}, or not complete"
        raise CheckpointError(msg)
    return shapes[name]


def check_fixed(checkpoint: ForeignCheckpoint) -> None:
    """Stop where a checkpoint has a setting that our models do not have.

    Raises:
        CheckpointError: it has.
    """
    is_hf = checkpoint.style == "hf"
    config = checkpoint.config if is_hf else checkpoint.part("model")
    for key, value in (_HF_FIXED if is_hf else _FAIRSEQ_FIXED).items():
        if key in config and config[key] != value:
            msg = (
                f"{checkpoint.path}: its configuration has {key}: {config[key]}, but our model has "
                f"{value} always; it cannot be converted"
            )
            raise CheckpointError(msg)


def encoder_conf(
    checkpoint: ForeignCheckpoint,
    shapes: Mapping[str, Size],
    family: str,
    pre_norm: bool,
    notes: list[str],
) -> dict[str, Any]:
    """`encoder_conf` of the transformer.

    Args:
        checkpoint: the source.
        shapes: by our names.
        family: for errors.
        pre_norm: used if the source does not say.
        notes: gets what was assumed.

    Raises:
        CheckpointError: weights are missing, or the source's configuration contradicts them.
    """
    path = checkpoint.path
    layers = {name.split(".")[2] for name in shapes if name.startswith("encoder.layers.")}
    size = shape_of(shapes, "encoder.layer_norm.weight", path, family)[0]
    taps = shape_of(shapes, "encoder.pos_conv.0.weight_v", path, family)
    units = shape_of(shapes, "encoder.layers.0.fc1.weight", path, family)[0]
    is_hf = checkpoint.style == "hf"
    config = checkpoint.config if is_hf else checkpoint.part("model")
    heads = config.get("num_attention_heads" if is_hf else "encoder_attention_heads")
    if heads is None:
        heads = _HEADS.get(size, max(1, size // 64))
        notes.append(f"no configuration: {heads} attention heads assumed, as in published models")
    stable = config.get("do_stable_layer_norm" if is_hf else "layer_norm_first")
    if stable is None:
        stable = pre_norm
        notes.append(f"no configuration: pre_norm {pre_norm} assumed, as in published models")
    conf = {
        "num_layers": len(layers),
        "attention_heads": heads,
        "linear_units": units,
        "pre_norm": bool(stable),
        "pos_conv_kernel": taps[2],
        "pos_conv_groups": size // max(taps[1], 1),
    }
    told = {
        "hidden_size": size,
        "encoder_embed_dim": size,
        "num_hidden_layers": len(layers),
        "encoder_layers": len(layers),
        "intermediate_size": units,
        "encoder_ffn_embed_dim": units,
        "num_conv_pos_embeddings": taps[2],
        "conv_pos": taps[2],
        "num_conv_pos_embedding_groups": conf["pos_conv_groups"],
        "conv_pos_groups": conf["pos_conv_groups"],
    }
    check_told(checkpoint, config, told)
    rates = _HF_RATES if is_hf else _FAIRSEQ_RATES
    return conf | {ours: config[theirs] for ours, theirs in rates.items() if theirs in config}


def check_told(
    checkpoint: ForeignCheckpoint, config: Mapping[str, Any], found: Mapping[str, Any]
) -> None:
    """Stop where the source's configuration says something else than its weights.

    Raises:
        CheckpointError: it does.
    """
    for key, value in found.items():
        if config.get(key) is not None and config[key] != value:
            msg = (
                f"{checkpoint.path}: its configuration says {key} {config[key]}, its weights have "
                f"{value}; take both from the same place"
            )
            raise CheckpointError(msg)


def audio_conf(
    checkpoint: ForeignCheckpoint, shapes: Mapping[str, Size], family: str
) -> tuple[dict[str, Any], list[str]]:
    """`model_conf` of convolutions and transformer, and what was assumed.

    Raises:
        CheckpointError: weights are missing, the source's configuration contradicts them, or it
            has a setting that our models do not have.
    """
    check_fixed(checkpoint)
    notes: list[str] = []
    path, is_hf = checkpoint.path, checkpoint.style == "hf"
    first = shape_of(shapes, "frontend.audio.extractor.convs.0.weight", path, family)
    is_layer_norm = "frontend.audio.extractor.norms.1.weight" in shapes
    config = checkpoint.config if is_hf else checkpoint.part("model")
    if is_hf:
        told = {"feat_extract_norm": "layer" if is_layer_norm else "group"}
    else:
        told = {"extractor_mode": "layer_norm" if is_layer_norm else "default"}
    check_told(checkpoint, config, told)
    _check_strides(checkpoint, config)
    normalise = _heard(checkpoint)
    if normalise is None:
        # fairseq's base models are the only ones that hear waves as they are.
        normalise = is_hf or is_layer_norm
        notes.append(f"nothing says whether waves are normalised: normalise_wave {normalise}")
    norm = "layer_norm" if is_layer_norm else "group_norm"
    wave: dict[str, Any] = {"norm": norm, "channels": first[0], "normalise_wave": normalise}
    if not is_layer_norm and "frontend.audio.extractor.convs.0.bias" in shapes:
        wave["biases"] = True
    if not is_hf and config.get("feature_grad_mult") is not None:
        wave["feature_grad_mult"] = float(config["feature_grad_mult"])
    conf: dict[str, Any] = {
        "audio_frontend": "wave",
        "audio_frontend_conf": wave,
        "frame_rate": 50,
        "feature_size": shape_of(shapes, "encoder.layer_norm.weight", path, family)[0],
        "encoder": "wav2vec2",
        "encoder_conf": encoder_conf(checkpoint, shapes, family, is_layer_norm, notes),
    }
    dropout = config.get("feat_proj_dropout" if is_hf else "dropout_input")
    if dropout is not None:
        conf["dropout_rate"] = dropout
    return conf, notes


def _heard(checkpoint: ForeignCheckpoint) -> bool | None:
    """Whether waves are normalised; None = nothing says so.

    Raises:
        CheckpointError: sound has another rate there than here, or is told in another way.
    """
    is_hf = checkpoint.style == "hf"
    told = checkpoint.preprocessor if is_hf else checkpoint.part("task")
    rate = told.get("sampling_rate" if is_hf else "sample_rate")
    if rate is not None and rate != SAMPLE_RATE:
        msg = (
            f"{checkpoint.path}: was trained on sound of {rate} Hz, here sound is {SAMPLE_RATE} Hz;"
            " its features would be wrong. Take a model of 16 kHz, or train it further at 16 kHz "
            "where it comes from"
        )
        raise CheckpointError(msg)
    normalise = told.get("do_normalize" if is_hf else "normalize")
    if normalise is not None and not isinstance(normalise, bool):
        msg = (
            f"{checkpoint.path}: says {normalise!r:.40} where true or false is expected, whether "
            "waves are normalised; get its preprocessor_config.json again"
        )
        raise CheckpointError(msg)
    return normalise


def _check_strides(checkpoint: ForeignCheckpoint, config: Mapping[str, Any]) -> None:
    """Kernels show in the weights, strides do not; fairseq has both in a line of Python."""
    text = config.get("conv_feature_layers")
    if not isinstance(text, str):
        return
    terms = re.findall(r"\((\d+),(\d+),(\d+)\)\](?:\*(\d))?", text.replace(" ", ""))
    layers = [(int(k), int(s)) for _, k, s, times in terms for _ in range(int(times or 1))]
    if layers != list(CONVOLUTIONS):
        msg = (
            f"{checkpoint.path}: its convolutions are {text}, ours have (kernel, stride) "
            f"{list(CONVOLUTIONS)} always; it cannot be converted"
        )
        raise CheckpointError(msg)


def span_mask(
    config: Mapping[str, Any], prob: str = "mask_prob", length: str = "mask_length"
) -> dict[str, Any]:
    """Spans as fairseq's configuration has them; empty if it says nothing."""
    if config.get(prob) is None or not config.get(length):
        return {}
    span = int(config[length])
    return {"start_prob": float(config[prob]) / span, "span": span}


def number(values: Any, index: int) -> float | None:
    """An entry of a list of numbers, which fairseq may keep as text; None if there is none."""
    if isinstance(values, str):
        values = [part for part in values.strip("()[] ").split(",") if part.strip()]
    if not isinstance(values, Sequence) or len(values) <= index:
        return None
    try:
        return float(values[index])
    except (TypeError, ValueError):
        return None
