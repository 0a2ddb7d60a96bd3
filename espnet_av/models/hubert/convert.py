"""HuBERT from Hugging Face and fairseq, and back to Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from espnet_av.models.abs_model import Sizes
from espnet_av.models.conversion.converted import Converted, convert_weights
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.key_map import Dropped, KeyMap
from espnet_av.models.conversion.unit_rows import find_unit_rows, unit_rules
from espnet_av.models.hubert.config import HubertConfig
from espnet_av.models.masked_audio.foreign_conf import audio_conf, number, span_mask
from espnet_av.models.masked_audio.key_rules import (
    FAIRSEQ_RULES,
    HF_DROPPED,
    add_conv_biases,
    hf_prefix,
    hf_rules,
)
from espnet_av.models.masked_audio.to_hf import HFModel, make_hf_model

DEFAULT_UNITS = 500
"""Units of a head that the source does not have, if the user names no number."""


def convert(checkpoint: ForeignCheckpoint, *, num_units: int | None = None) -> Converted:
    """A complete `HubertModel`; the head is new where the source has none (Hugging Face).

    Args:
        checkpoint: of Hugging Face (`HubertModel`, `HubertForCTC`) or fairseq (pre-trained).
        num_units: of a new head; for fairseq, how many there must be.

    Raises:
        CheckpointError: it is of another family, not complete, or cannot be represented.
    """
    checkpoint.check_family("hubert")
    weights, notes = add_conv_biases(checkpoint.weights)
    rows = find_unit_rows(checkpoint, num_units)
    if checkpoint.style == "hf":
        rules = hf_rules(hf_prefix(weights), weights)
    else:
        rules = FAIRSEQ_RULES + unit_rules(rows)
    optional = ("mask_emb",) if rows else ("mask_emb", "units_head.{rest}")
    names = KeyMap(rules, HF_DROPPED if checkpoint.style == "hf" else (), optional)
    shapes = names.shapes(weights)
    conf, assumed = audio_conf(checkpoint, shapes, "hubert")
    notes += assumed
    large = conf["audio_frontend_conf"]["norm"] == "layer_norm"
    conf["features_penalty"] = 0.0 if large else 10.0
    if rows is not None:
        notes += rows.notes
        conf |= _head_conf(checkpoint)
        conf["projection_size"] = weights["label_embs_concat"].size(1)
    return convert_weights(
        names,
        weights,
        checkpoint.path,
        "hubert",
        "hubert",
        conf,
        notes,
        sizes=Sizes(units=len(rows.rows) if rows else num_units or DEFAULT_UNITS),
    )


def _head_conf(checkpoint: ForeignCheckpoint) -> dict[str, object]:
    """Masks and loss as fairseq's configuration has them."""
    config, criterion = checkpoint.part("model"), checkpoint.part("criterion")
    conf: dict[str, object] = {}
    if span_mask(config):
        conf["mask"] = span_mask(config)
    if config.get("logit_temp"):
        conf["temperature"] = config["logit_temp"]
    if criterion.get("pred_nomask_weight") is not None:
        conf["unmasked_weight"] = float(criterion["pred_nomask_weight"])
    penalty = number(criterion.get("loss_weights"), 0)
    return conf if penalty is None else conf | {"features_penalty": penalty}


def to_hf(config: HubertConfig, weights: Mapping[str, Tensor]) -> HFModel:
    """The model as `HubertModel`, which has no head.

    Args:
        config: of the model.
        weights: all of them.

    Raises:
        ConfigError: Hugging Face's class cannot represent it.
    """
    dropped = (Dropped("units_head.{rest}", "Hugging Face's HuBERT has no head for units"),)
    return make_hf_model(config, weights, "hubert", "HubertModel", dropped=dropped)
