"""The decoder of mBART from Hugging Face, for `decoder: fairseq_transformer` of a translator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Size, Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.avsr.decoder_rules import DECODER_RULES, FIRST_UNITS
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.key_map import Dropped, KeyMap, KeyReport, Rule, prefixed
from espnet_av.models.masked_audio.foreign_conf import check_told, shape_of
from espnet_av.modules.fairseq_decoder import FairseqTransformerDecoder
from espnet_av.modules.text_positions import FIRST_POSITION

_START, _PAD, _EOS, _UNKNOWN, _FIRST = range(5)
"""Rows of its embedding: <s>, <pad>, </s>, <unk>, the first piece; the last one is <mask>."""
_PREFIX, _EMBEDDING = "model.", "model.shared.weight"
_COPIES = (
    _EMBEDDING,
    "model.decoder.embed_tokens.weight",
    "model.encoder.embed_tokens.weight",
    "lm_head.weight",
)
"""Names under which files have the one matrix of input and output; safetensors has the first."""
_BIAS = "final_logits_bias"
_DROPPED = (
    Dropped("model.encoder.{rest}", "of the text encoder: the one of speech is in its place"),
    Dropped(_BIAS, "zero"),
)
_RATES = {
    "dropout_rate": "dropout",
    "attention_dropout_rate": "attention_dropout",
    "activation_dropout_rate": "activation_dropout",
}
_FAMILY = "mbart"


@dataclass(frozen=True)
class MBartDecoder:
    """A decoder of ours, complete."""

    conf: dict[str, Any]
    """`decoder_conf`."""
    weights: dict[str, Tensor]
    """Under the names of an `AVSRModel`; both embeddings are one tensor."""
    report: KeyReport
    num_tokens: int


def token_order(num_rows: int) -> list[int]:
    """Row in mBART of each of our tokens, every row once.

    Ours are blank (its padding, which is no output), unknown, the pieces and tags of languages in
    its order, <s>, <mask>, and end of sentence.
    """
    return [_PAD, _UNKNOWN, *range(_FIRST, num_rows - 1), _START, num_rows - 1, _EOS]


def convert_mbart(checkpoint: ForeignCheckpoint) -> MBartDecoder:
    """The decoder of `MBartForConditionalGeneration`; its text encoder is left out.

    Args:
        checkpoint: of its folder.

    Raises:
        CheckpointError: it is of another family, has no embeddings or several, or is not complete.
    """
    _check_kind(checkpoint)
    weights = dict(checkpoint.weights)
    embedding = _one_embedding(weights, checkpoint)
    rules = prefixed(
        (
            *DECODER_RULES,
            Rule("decoder.embed_positions.weight", "decoder.embed.1.table.weight"),
            Rule("decoder.layernorm_embedding.{p}", "decoder.embed.1.norm.{p}"),
        ),
        _PREFIX,
    )
    names = KeyMap(rules, _DROPPED)
    conf = _conf(checkpoint, names.shapes(weights))
    num_rows, size = embedding.shape
    with torch.device("meta"):
        made = FairseqTransformerDecoder(num_rows, size, **conf)
    shapes = {f"decoder.{name}": value.shape for name, value in made.state_dict().items()}
    tied = ("decoder.embed.0.weight", "decoder.output_layer.weight")
    found, report = names.apply(weights, {k: v for k, v in shapes.items() if k not in tied})
    ordered = embedding[torch.tensor(token_order(num_rows))]
    report.used += [(_EMBEDDING, name) for name in tied]
    report.check(checkpoint.path, _FAMILY)
    return MBartDecoder(conf, {**found, **dict.fromkeys(tied, ordered)}, report, num_rows)


def _check_kind(checkpoint: ForeignCheckpoint) -> None:
    kind = checkpoint.config.get("model_type")
    if checkpoint.style != "hf" or kind != "mbart":
        msg = (
            f"{checkpoint.path}: is no mBART of Hugging Face (model_type {kind}); give the folder "
            "of one, as facebook/mbart-large-50-many-to-many-mmt"
        )
        raise CheckpointError(msg)
    activation = checkpoint.config.get("activation_function", "relu")
    if activation != "relu":
        msg = (
            f"{checkpoint.path}: its activation_function is {activation}, ours is relu, as in the "
            "published ones; it cannot be converted"
        )
        raise CheckpointError(msg)


def _one_embedding(weights: dict[str, Tensor], checkpoint: ForeignCheckpoint) -> Tensor:
    """The matrix of input and output, taken out of the weights.

    Raises:
        CheckpointError: there is none, or there are different ones; or outputs have a bias.
    """
    copies = {name: weights.pop(name) for name in _COPIES if name in weights}
    if not copies:
        msg = (
            f"{checkpoint.path}: has no embeddings ({_EMBEDDING}), without which the decoder knows "
            "no word; take the whole MBartForConditionalGeneration"
        )
        raise CheckpointError(msg)
    first, embedding = next(iter(copies.items()))
    for name, other in copies.items():
        if other.shape != embedding.shape or not torch.equal(other, embedding):
            msg = (
                f"{checkpoint.path}: {name} is not {first}, but here input and output share one "
                "matrix; it was saved by a version that lost it: take the file as published"
            )
            raise CheckpointError(msg)
    bias = weights.get(_BIAS)
    if bias is not None and bool((bias != 0).any()):
        msg = f"{checkpoint.path}: its {_BIAS} is not zero; ours has none, it cannot be converted"
        raise CheckpointError(msg)
    return embedding


def _conf(checkpoint: ForeignCheckpoint, shapes: Mapping[str, Size]) -> dict[str, Any]:
    """Sizes, checked against its configuration."""
    path, config = checkpoint.path, checkpoint.config
    table = shape_of(shapes, "decoder.embed.1.table.weight", path, _FAMILY)
    units = shape_of(shapes, FIRST_UNITS, path, _FAMILY)[0]
    layers = {name.split(".")[2] for name in shapes if name.startswith("decoder.decoders.")}
    told = {
        "d_model": table[1],
        "decoder_layers": len(layers),
        "decoder_ffn_dim": units,
        "max_position_embeddings": table[0] - FIRST_POSITION,
    }
    check_told(checkpoint, config, told)
    heads = config.get("decoder_attention_heads")
    if not isinstance(heads, int) or heads < 1 or table[1] % heads:
        msg = (
            f"{path}/config.json: decoder_attention_heads is {heads!r:.40}, which does not divide "
            f"{table[1]}; take it from the same place as the weights"
        )
        raise CheckpointError(msg)
    return {
        "size": table[1],
        "attention_heads": heads,
        "linear_units": units,
        "num_blocks": len(layers),
        **{ours: float(config[name]) for ours, name in _RATES.items() if name in config},
        "positions": "learned",
        "max_positions": table[0] - FIRST_POSITION,
        "scale_embedding": bool(config.get("scale_embedding", False)),
        "norm_embedding": True,
    }
