"""Fine-tuned AV-HuBERT (recognition, translation) from fairseq."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Size, Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert.convert import frontend_conf
from espnet_av.models.avhubert.key_rules import COUNTERS, FRONTEND_RULES
from espnet_av.models.avsr.decoder_rules import DECODER_RULES, FIRST_UNITS
from espnet_av.models.conversion.converted import Converted, convert_weights
from espnet_av.models.conversion.foreign_checkpoint import FINE_TUNED_PREFIX, ForeignCheckpoint
from espnet_av.models.conversion.key_map import Dropped, KeyMap, Rule, prefixed
from espnet_av.models.masked_audio.foreign_conf import shape_of
from espnet_av.rates import FRAME_HZ

_PAD, _EOS, _UNKNOWN, _FIRST = 1, 2, 3, 4
"""Rows of fairseq's embedding: padding, end of sentence, unknown, and the first of the text."""
_DECODER_HEADS = {768: 4, 1024: 8}
"""Attention heads of the published decoders."""
_FAMILY = "avhubert_finetuned"
_MOST_FRAMES = 2500
"""A longer limit is no limit: fairseq's default is the largest number there is."""
_DECODER_RATES = {
    "dropout_rate": "decoder_dropout",
    "activation_dropout_rate": "decoder_activation_dropout",
    "attention_dropout_rate": "decoder_attention_dropout",
}
_DECODER_FIXED = {
    "decoder_normalize_before": True,
    "decoder_learned_pos": False,
    "no_token_positional_embeddings": False,
    "share_decoder_input_output_embed": True,
    "no_scale_embedding": True,
}
_DROPPED = (
    Dropped("decoder.embed_positions._float_tensor", "empty; marks a type"),
    Dropped("decoder.version", "number of fairseq's format"),
    *(
        Dropped(FINE_TUNED_PREFIX + name, "of the pre-training, which fine-tuning does not use")
        for name in ("mask_emb", "final_proj.{p}", "label_embs_concat")
    ),
)


def token_order(num_rows: int) -> list[int]:
    """Fairseq's row of each of our tokens: blank, unknown, the text's pieces, end of sentence.

    fairseq begins with <s>, <pad>, </s>, <unk>. Its padding never is an output: it becomes our
    blank. Its <s> is no output either, and has no place here.
    """
    return [_PAD, _UNKNOWN, *range(_FIRST, num_rows), _EOS]


def convert(checkpoint: ForeignCheckpoint) -> Converted:
    """A complete `AVSRModel` from a fine-tuned AV-HuBERT with an attention decoder.

    Args:
        checkpoint: the source.

    Raises:
        CheckpointError: it is of another family, not complete, or cannot be represented.
    """
    checkpoint.check_family(_FAMILY)
    embedding = checkpoint.weights.get("decoder.embed_tokens.weight")
    if embedding is None or embedding.dim() != 2:
        msg = f"{checkpoint.path}: has no decoder.embed_tokens; a CTC model is not converted"
        raise CheckpointError(msg)
    order = torch.tensor(token_order(len(embedding)))
    rules = prefixed(FRONTEND_RULES, FINE_TUNED_PREFIX) + _decoder_rules(order)
    names = KeyMap(rules, _DROPPED, (COUNTERS,))
    shapes = names.shapes(checkpoint.weights)
    conf, notes = frontend_conf(_pretrained(checkpoint), shapes, _FAMILY)
    conf |= {
        "decoder": "fairseq_transformer",
        "decoder_conf": _decoder_conf(checkpoint, shapes, notes),
        "ctc_weight": 0.0,
    }
    notes.append("row 0 of the embedding (<s>), which is no output of the model, is left out")
    if checkpoint.tokenizer is None or checkpoint.token_symbols is None:
        notes.append("no tokenizer inside: to decode, put bpe.model and tokens.txt into OUT/tokens")
    converted = convert_weights(
        names,
        checkpoint.weights,
        checkpoint.path,
        _FAMILY,
        "avsr",
        conf,
        notes,
        sizes=Sizes(vocab=len(order)),
    )
    return replace(converted, longest_sec=_longest_sec(checkpoint))


def _longest_sec(checkpoint: ForeignCheckpoint) -> float | None:
    """What the task leaves out of the training begins above this; None: it does not say."""
    num_frames = checkpoint.part("task").get("max_sample_size")
    if not isinstance(num_frames, int) or not 0 < num_frames <= _MOST_FRAMES:
        return None
    return num_frames / FRAME_HZ


def _decoder_rules(order: Tensor) -> tuple[Rule, ...]:
    def pick(embedding: Tensor) -> Tensor:
        return embedding[order]

    return (
        Rule("decoder.embed_tokens.weight", "decoder.embed.0.weight", pick),
        Rule("decoder.embed_tokens.weight", "decoder.output_layer.weight", pick),
        *DECODER_RULES,
    )


def _pretrained(checkpoint: ForeignCheckpoint) -> ForeignCheckpoint:
    """The same with the configuration of the model that was fine-tuned, dropouts of the new one."""
    config = checkpoint.part("model")
    inner = config.get("w2v_args")
    inner = inner if isinstance(inner, dict) else {}
    model = inner["model"] if isinstance(inner.get("model"), dict) else inner
    rates = ("dropout", "attention_dropout", "activation_dropout", "dropout_input")
    changed = {name: config[name] for name in rates if config.get(name) is not None}
    if config.get("layerdrop") is not None:
        changed["encoder_layerdrop"] = config["layerdrop"]
    return replace(checkpoint, config={"model": {**model, **changed}})


def _decoder_conf(
    checkpoint: ForeignCheckpoint, shapes: Mapping[str, Size], notes: list[str]
) -> dict[str, Any]:
    """Sizes of the decoder."""
    config = checkpoint.part("model")
    for key, value in _DECODER_FIXED.items():
        if config.get(key, value) != value:
            msg = (
                f"{checkpoint.path}: its decoder has {key}: {config[key]}, ours has {value} always;"
                " it cannot be converted"
            )
            raise CheckpointError(msg)
    size = shape_of(shapes, "decoder.embed.0.weight", checkpoint.path, _FAMILY)[1]
    units = shape_of(shapes, FIRST_UNITS, checkpoint.path, _FAMILY)
    layers = {name.split(".")[2] for name in shapes if name.startswith("decoder.decoders.")}
    heads = config.get("decoder_attention_heads")
    if heads is None:
        heads = _DECODER_HEADS.get(size, max(1, size // 128))
        notes.append(f"no configuration: {heads} heads of the decoder assumed, as published")
    return {
        "size": size,
        "attention_heads": heads,
        "linear_units": units[0],
        "num_blocks": len(layers),
        **{k: config[v] for k, v in _DECODER_RATES.items() if config.get(v) is not None},
    }
