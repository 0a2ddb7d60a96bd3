"""Pre-trained AV-HuBERT from fairseq."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Size

from espnet_av.errors import CheckpointError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert.key_rules import COUNTERS, FRONTEND_RULES
from espnet_av.models.conversion.converted import Converted, convert_weights
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.key_map import KeyMap, Rule
from espnet_av.models.conversion.unit_rows import find_unit_rows, unit_rules
from espnet_av.models.masked_audio.foreign_conf import (
    check_fixed,
    encoder_conf,
    number,
    shape_of,
    span_mask,
)
from espnet_av.modules.frontend.stacked_fbank import STACK


def convert(checkpoint: ForeignCheckpoint, *, num_units: int | None = None) -> Converted:
    """A complete `AVHubertModel` from a pre-trained AV-HuBERT of fairseq.

    Args:
        checkpoint: the source.
        num_units: how many units it must have; None = as many as it has.

    Raises:
        CheckpointError: it is of another family, not complete, or cannot be represented.
    """
    checkpoint.check_family("avhubert")
    rows = find_unit_rows(checkpoint, num_units)
    if rows is None:
        msg = f"{checkpoint.path}: has no label_embs_concat; it is no pre-trained AV-HuBERT"
        raise CheckpointError(msg)
    rules = (Rule("mask_emb", "mask_emb"), *FRONTEND_RULES, *unit_rules(rows))
    names = KeyMap(rules, (), (COUNTERS,))
    conf, notes = frontend_conf(checkpoint, names.shapes(checkpoint.weights), "avhubert")
    conf |= _head_conf(checkpoint, names.shapes(checkpoint.weights))
    return convert_weights(
        names,
        checkpoint.weights,
        checkpoint.path,
        "avhubert",
        "avhubert",
        conf,
        [*notes, *rows.notes],
        sizes=Sizes(units=len(rows.rows)),
    )


def frontend_conf(
    checkpoint: ForeignCheckpoint, shapes: Mapping[str, Size], family: str
) -> tuple[dict[str, Any], list[str]]:
    """`model_conf` of front ends and transformer, and what was assumed.

    Raises:
        CheckpointError: weights are missing, the source's configuration contradicts them, or it
            has a setting that our models do not have.
    """
    check_fixed(checkpoint)
    notes: list[str] = []
    bands = shape_of(shapes, "frontend.audio.project.weight", checkpoint.path, family)[1]
    config = checkpoint.part("model")
    conf: dict[str, Any] = {
        "audio_frontend": "stacked_fbank",
        "audio_frontend_conf": {"num_mels": bands // STACK},
        "visual_frontend": "resnet",
        "visual_frontend_conf": visual_conf(shapes, checkpoint, family),
        "frame_rate": 25,
        "feature_size": shape_of(shapes, "encoder.layer_norm.weight", checkpoint.path, family)[0],
        "fusion": "concat",
        "encoder": "wav2vec2",
        "encoder_conf": encoder_conf(checkpoint, shapes, family, True, notes),
    }
    if config.get("dropout_input") is not None:
        conf["dropout_rate"] = config["dropout_input"]
    return conf, notes


def visual_conf(
    shapes: Mapping[str, Size], checkpoint: ForeignCheckpoint, family: str
) -> dict[str, Any]:
    """Settings of the ResNet, from its weights."""
    width = shape_of(shapes, "frontend.visual.stem.conv.weight", checkpoint.path, family)[0]
    slopes = "frontend.visual.stem.act.weight" in shapes
    return {"width": width, "activation": "prelu" if slopes else "relu"}


def _head_conf(checkpoint: ForeignCheckpoint, shapes: Mapping[str, Size]) -> dict[str, Any]:
    """Masks, modality dropout and loss."""
    config, criterion = checkpoint.part("model"), checkpoint.part("criterion")
    bands = shapes["frontend.audio.project.weight"][1]
    masks_input = "mask_emb" in shapes and shapes["mask_emb"][0] == bands
    conf: dict[str, Any] = {"masking": "input" if masks_input else "feature"}
    if "units_head.final_proj.weight" in shapes:
        conf["projection_size"] = shapes["units_head.final_proj.weight"][0]
    for ours, theirs in (("audio_mask", "audio"), ("video_mask", "image")):
        mask = span_mask(config, f"mask_prob_{theirs}", f"mask_length_{theirs}")
        if mask:
            conf[ours] = mask
    if config.get("modality_dropout") is not None:
        conf["modality_dropout"] = {
            "drop_prob": float(config["modality_dropout"]),
            "audio_given_drop": float(config.get("audio_dropout") or 0.0),
        }
    if config.get("feature_grad_mult"):
        conf["feature_grad_mult"] = float(config["feature_grad_mult"])
    if config.get("logit_temp"):
        conf["temperature"] = float(config["logit_temp"])
    if criterion.get("pred_nomask_weight") is not None:
        conf["unmasked_weight"] = float(criterion["pred_nomask_weight"])
    penalty = number(criterion.get("loss_weights"), 0)
    return conf if penalty is None else conf | {"features_penalty": penalty}
