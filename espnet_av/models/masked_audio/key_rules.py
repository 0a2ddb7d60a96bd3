"""Names of convolutions and transformer, there and here, for wav2vec 2.0, XLS-R and HuBERT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from espnet_av.models.conversion.key_map import Dropped, Rule

_CONV = "feature_extractor.conv_layers.{n}."
_EXTRACTOR = "frontend.audio.extractor."
_LAYER = "encoder.layers.{n}."
_TAPS = "encoder.pos_conv_embed.conv."

_HF_RULES = (
    Rule("masked_spec_embed", "mask_emb"),
    Rule(_CONV + "conv.{p}", _EXTRACTOR + "convs.{n}.{p}"),
    Rule(_CONV + "layer_norm.{p}", _EXTRACTOR + "norms.{n}.{p}"),
    Rule("feature_projection.layer_norm.{p}", "frontend.audio.layer_norm.{p}"),
    Rule("feature_projection.projection.{p}", "frontend.audio.project.{p}"),
    Rule(_TAPS + "bias", "encoder.pos_conv.0.bias"),
    Rule(_LAYER + "attention.{q}.{p}", _LAYER + "self_attn.{q}.{p}"),
    Rule(_LAYER + "layer_norm.{p}", _LAYER + "self_attn_layer_norm.{p}"),
    Rule(_LAYER + "feed_forward.intermediate_dense.{p}", _LAYER + "fc1.{p}"),
    Rule(_LAYER + "feed_forward.output_dense.{p}", _LAYER + "fc2.{p}"),
    Rule(_LAYER + "final_layer_norm.{p}", _LAYER + "final_layer_norm.{p}"),
    Rule("encoder.layer_norm.{p}", "encoder.layer_norm.{p}"),
)
_HF_TAPS = (
    Rule(_TAPS + "parametrizations.weight.original0", "encoder.pos_conv.0.weight_g"),
    Rule(_TAPS + "parametrizations.weight.original1", "encoder.pos_conv.0.weight_v"),
)
_OLD_HF_TAPS = (
    Rule(_TAPS + "weight_g", "encoder.pos_conv.0.weight_g"),
    Rule(_TAPS + "weight_v", "encoder.pos_conv.0.weight_v"),
)
FAIRSEQ_RULES: tuple[Rule, ...] = (
    Rule("mask_emb", "mask_emb"),
    Rule(_CONV + "0.{p}", _EXTRACTOR + "convs.{n}.{p}"),
    Rule(_CONV + "2.1.{p}", _EXTRACTOR + "norms.{n}.{p}"),
    # Base: one group norm, behind the first convolution.
    Rule("feature_extractor.conv_layers.0.2.{p}", _EXTRACTOR + "norms.0.{p}"),
    Rule("layer_norm.{p}", "frontend.audio.layer_norm.{p}"),
    Rule("post_extract_proj.{p}", "frontend.audio.project.{p}"),
    Rule("encoder.{rest}", "encoder.{rest}"),
)
HF_DROPPED: tuple[Dropped, ...] = tuple(
    Dropped(name, "head of a model that was trained further")
    for name in (
        "lm_head.{rest}",
        "classifier.{rest}",
        "projector.{rest}",
        # How much each layer counts in the sum that such a head gets.
        "layer_weights",
        # Of speaker verification.
        "feature_extractor.{p}",
        "tdnn.{n}.kernel.{p}",
        "objective.weight",
    )
)
OTHER_PRETRAINING: tuple[Dropped, ...] = tuple(
    Dropped(name, "head of another kind of pre-training")
    for name in (
        "quantizer.{rest}",
        "project_q.{p}",
        "project_hid.{p}",
        "ctc_proj.{p}",
        "speaker_proj.{p}",
        "layer_norm_for_extract.{p}",
        "label_embeddings_concat",
    )
)
"""Of UniSpeech and UniSpeech-SAT."""
_PREFIXES = ("hubert.", "wav2vec2.", "unispeech.", "unispeech_sat.")
"""Before the encoder's names in Hugging Face's models with a head."""


def hf_rules(prefix: str, names: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The table for Hugging Face.

    Args:
        prefix: before their names in models with a head, e.g. `wav2vec2.`.
        names: of the weights, which show how torch called the parts of the weight norm.
    """
    old = any(name.endswith("pos_conv_embed.conv.weight_g") for name in names)
    rules = (*_HF_RULES, *(_OLD_HF_TAPS if old else _HF_TAPS))
    return tuple(Rule(prefix + rule.source, rule.target) for rule in rules)


def hf_prefix(names: Iterable[str]) -> str:
    """What the encoder's names begin with; nothing in models without a head."""
    names = tuple(names)
    return next((p for p in _PREFIXES if any(name.startswith(p) for name in names)), "")


def add_conv_biases(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Zeros for biases that a large model was trained without; what it computes stays the same.

    Returns:
        (weights under fairseq's or Hugging Face's names, notes).
    """
    completed = dict(weights)
    for prefix in ("", *_PREFIXES):
        for conv, norm in (("0", "2.1"), ("conv", "layer_norm")):
            layers = f"{prefix}feature_extractor.conv_layers."
            # Layer norm is behind every convolution, group norm only behind the first.
            for i in range(7 if f"{layers}1.{norm}.weight" in weights else 0):
                weight = weights.get(f"{layers}{i}.{conv}.weight")
                if weight is not None and f"{layers}{i}.{conv}.bias" not in weights:
                    completed[f"{layers}{i}.{conv}.bias"] = weight.new_zeros(weight.size(0))
    added = len(completed) - len(weights)
    return completed, [f"{added} convolutions had no bias; zeros are the same"] if added else []
