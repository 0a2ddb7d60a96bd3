"""wav2vec 2.0 and XLS-R from Hugging Face and fairseq, and back to Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Size, Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.converted import Converted, convert_weights
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.key_map import KeyMap, Rule
from espnet_av.models.masked_audio.foreign_conf import audio_conf, number, span_mask
from espnet_av.models.masked_audio.key_rules import (
    FAIRSEQ_RULES,
    HF_DROPPED,
    OTHER_PRETRAINING,
    add_conv_biases,
    hf_prefix,
    hf_rules,
)
from espnet_av.models.masked_audio.to_hf import HFModel, make_hf_model
from espnet_av.models.wav2vec2.config import Wav2Vec2Config

_QUANTIZER = Rule("quantizer.weight_proj.{p}", "quantizer.weight_proj.{p}")
_PROJECT = Rule("project_q.{p}", "project_q.{p}")
HF_HEADS = (
    Rule("quantizer.codevectors", "quantizer.vars"),
    _QUANTIZER,
    _PROJECT,
    Rule("project_hid.{p}", "final_proj.{p}"),
)
_FAIRSEQ_HEADS = (
    Rule("quantizer.vars", "quantizer.vars"),
    _QUANTIZER,
    _PROJECT,
    Rule("final_proj.{p}", "final_proj.{p}"),
)
_HEADS = ("quantizer.{rest}", "project_q.{p}", "final_proj.{p}")
"""What `Wav2Vec2Model` does not have."""


def key_map(checkpoint: ForeignCheckpoint) -> KeyMap:
    """Names of a checkpoint -> names of `Wav2Vec2PretrainingModel`."""
    names = checkpoint.weights
    if _is_unispeech(checkpoint):
        rules = hf_rules(hf_prefix(names), names)
        return KeyMap(rules, HF_DROPPED + OTHER_PRETRAINING, ("mask_emb", *_HEADS))
    has_heads = any(name.startswith(("quantizer.", "project_q.")) for name in names)
    optional = ("mask_emb",) if has_heads else ("mask_emb", *_HEADS)
    if checkpoint.style == "hf":
        rules = hf_rules(hf_prefix(names), names) + HF_HEADS
        return KeyMap(rules, HF_DROPPED, optional)
    return KeyMap(FAIRSEQ_RULES + _FAIRSEQ_HEADS, (), optional)


def _is_unispeech(checkpoint: ForeignCheckpoint) -> bool:
    return checkpoint.config.get("model_type") in ("unispeech", "unispeech-sat")


def convert(checkpoint: ForeignCheckpoint, *, is_xlsr: bool = False) -> Converted:
    """A complete `Wav2Vec2PretrainingModel`; heads that the source does not have are new.

    Args:
        checkpoint: of Hugging Face (`Wav2Vec2ForPreTraining`, `Wav2Vec2Model`, or with a head of
            another task; UniSpeech and UniSpeech-SAT have the same encoder) or fairseq
            (pre-trained).
        is_xlsr: it must be of XLS-R's kind: layer norm in the extractor, norms before the blocks.

    Raises:
        CheckpointError: it is of another family, not complete, or cannot be represented.
    """
    checkpoint.check_family("wav2vec2")
    family = "xlsr" if is_xlsr else "wav2vec2"
    weights, notes = add_conv_biases(checkpoint.weights)
    names = key_map(checkpoint)
    shapes = names.shapes(weights)
    conf, assumed = audio_conf(checkpoint, shapes, family)
    large = conf["audio_frontend_conf"]["norm"] == "layer_norm"
    if is_xlsr and not (large and conf["encoder_conf"]["pre_norm"]):
        msg = (
            f"{checkpoint.path}: is no XLS-R, which has layer norm in its extractor and norms "
            "before the blocks; use --family wav2vec2"
        )
        raise CheckpointError(msg)
    if _is_unispeech(checkpoint):
        notes.append("UniSpeech has the encoder of wav2vec 2.0; its own heads are left out")
    conf |= {"features_penalty": 0.0 if large else 10.0, **_head_conf(checkpoint, shapes)}
    return convert_weights(
        names, weights, checkpoint.path, family, "wav2vec2", conf, notes + assumed
    )


def _head_conf(checkpoint: ForeignCheckpoint, shapes: Mapping[str, Size]) -> dict[str, Any]:
    """Quantiser and loss."""
    is_hf = checkpoint.style == "hf"
    config = checkpoint.config if is_hf else checkpoint.part("model")
    conf: dict[str, Any] = {}
    names = {
        "num_negatives": "num_negatives",
        "temperature": "contrastive_logits_temperature" if is_hf else "logit_temp",
        "target_dropout_rate": "feat_quantizer_dropout" if is_hf else "dropout_features",
        "diversity_weight": "diversity_loss_weight",
    }
    given = {ours: config.get(theirs) for ours, theirs in names.items()}
    conf |= {name: value for name, value in given.items() if value is not None}
    # What Hugging Face calls mask_time_prob is a setting of fine-tuning.
    mask = {} if is_hf else span_mask(config)
    if mask:
        conf["mask"] = mask
    quantizer: dict[str, Any] = {}
    if "quantizer.vars" in shapes:
        groups = config.get("num_codevector_groups" if is_hf else "latent_groups") or 2
        _, total, size = shapes["quantizer.vars"]
        if type(groups) is not int or groups < 1 or total % groups:
            msg = (
                f"{checkpoint.path}: its {total} codebook vectors cannot be in {groups!r:.40} "
                "groups, as its configuration says; take both from the same place"
            )
            raise CheckpointError(msg)
        quantizer = {"num_groups": groups, "num_entries": total // groups, "size": size * groups}
    if "final_proj.weight" in shapes:
        conf["projection_size"] = shapes["final_proj.weight"][0]
    for i, key in enumerate(("start_temperature", "end_temperature", "temperature_decay")):
        value = None if is_hf else number(config.get("latent_temp"), i)
        if value is not None:
            quantizer[key] = value
    return conf | ({"quantizer": quantizer} if quantizer else {})


def to_hf(config: Wav2Vec2Config, weights: Mapping[str, Tensor]) -> HFModel:
    """The model as `Wav2Vec2ForPreTraining`.

    Args:
        config: of the model.
        weights: all of them.

    Raises:
        ConfigError: Hugging Face's class cannot represent it.
    """
    quantizer = config.quantizer
    extra = {
        "num_codevector_groups": quantizer.num_groups,
        "num_codevectors_per_group": quantizer.num_entries,
        "codevector_dim": quantizer.size,
        "proj_codevector_dim": config.projection_size,
        "feat_quantizer_dropout": config.target_dropout_rate,
        "contrastive_logits_temperature": config.temperature,
        "diversity_loss_weight": config.diversity_weight,
        "num_negatives": config.num_negatives,
    }
    name = "Wav2Vec2ForPreTraining"
    return make_hf_model(config, weights, "wav2vec2", name, HF_HEADS, extra=extra)
