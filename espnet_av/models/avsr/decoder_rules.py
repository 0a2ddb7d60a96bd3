"""Names of fairseq's decoder layers, there and in ours; Hugging Face kept them for mBART."""

from __future__ import annotations

from espnet_av.models.conversion.key_map import Rule

_THEIRS, _OURS = "decoder.layers.{n}.", "decoder.decoders.{n}."
_ATTENTIONS = (("self_attn", "self_attn"), ("encoder_attn", "src_attn"))
_PARTS = (
    ("self_attn_layer_norm", "norm1"),
    ("encoder_attn_layer_norm", "norm2"),
    ("final_layer_norm", "norm3"),
    ("fc1", "feed_forward.w_1"),
    ("fc2", "feed_forward.w_2"),
)
FIRST_UNITS = _OURS.format(n=0) + "feed_forward.w_1.weight"
"""A weight whose rows are the units of the feed-forward layers."""
DECODER_RULES: tuple[Rule, ...] = (
    *(
        Rule(f"{_THEIRS}{theirs}.{x}_proj.{{p}}", f"{_OURS}{ours}.linear_{x}.{{p}}")
        for theirs, ours in _ATTENTIONS
        for x in ("q", "k", "v", "out")
    ),
    *(Rule(f"{_THEIRS}{theirs}.{{p}}", f"{_OURS}{ours}.{{p}}") for theirs, ours in _PARTS),
    Rule("decoder.layer_norm.{p}", "decoder.after_norm.{p}"),
)
"""All but the embeddings."""
