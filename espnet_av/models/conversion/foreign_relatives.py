"""Models that look like wav2vec 2.0 or HuBERT and are neither: what they are called, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

SAME_ENCODER = {
    "wav2vec2": "wav2vec2",
    "hubert": "hubert",
    "unispeech": "wav2vec2",
    "unispeech-sat": "wav2vec2",
}
"""Hugging Face's model_type -> the family whose encoder it has to the last bit."""
_CONFORMER = "its layers are Conformer blocks"
_DATA2VEC = ("data2vec", "several convolutions in a row tell its positions, here it is one")
_WAVLM = ("WavLM", "its attention has gated relative positions")
_SEW = ("SEW", "it makes the frames fewer before its layers, and more behind them")
_TYPES = {
    "data2vec-audio": _DATA2VEC,
    "sew": _SEW,
    "sew-d": _SEW,
    "wav2vec2-bert": ("w2v-BERT 2.0", f"it hears log-mel features, and {_CONFORMER}"),
    "wav2vec2-conformer": ("wav2vec2-conformer", _CONFORMER),
    "wavlm": _WAVLM,
}
_MARKS = (
    (r"gru_rel_pos_linear|self_attn\.grep_|relative_attention_bias", _WAVLM),
    (r"pos_conv_embed\.layers\.|encoder\.pos_conv\.\d+\.\d+\.", _DATA2VEC),
    (r"conv_module\.depthwise_conv", ("wav2vec2-conformer", _CONFORMER)),
    (r"encoder\.upsample\.", _SEW),
    (
        r"^w2v_encoder\.",
        ("fairseq's recogniser", "only what was pre-trained is read of fairseq; take that file, or "
                                 "Hugging Face's of the recogniser"),
    ),
)  # fmt: skip
"""Part of a weight's name -> the same."""


def unlike_ours(config: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """What a checkpoint is and why it cannot be converted; None = nothing speaks against it.

    Args:
        config: Hugging Face's `config.json`; of fairseq or empty, the names of the weights tell.
        names: of the weights.
    """
    kind = config.get("model_type")
    if isinstance(kind, str) and kind not in SAME_ENCODER:
        name, reason = _TYPES.get(kind, (f"model_type {kind}", "no model here has its layers"))
        return f"a checkpoint of {name}, which cannot be converted: {reason}"
    names = tuple(names)
    for pattern, (name, reason) in _MARKS:
        if any(re.search(pattern, weight) for weight in names):
            return f"a checkpoint of {name}, which cannot be converted: {reason}"
    return None
