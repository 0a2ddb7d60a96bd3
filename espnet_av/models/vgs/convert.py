"""FaST-VGS, FaST-VGS+ and VG-HuBERT as models of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from torch import Size, Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.conversion.converted import Converted, convert_weights
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.key_map import KeyMap
from espnet_av.models.hubert.convert import DEFAULT_UNITS
from espnet_av.models.masked_audio.foreign_conf import audio_conf, shape_of, span_mask
from espnet_av.models.masked_audio.key_rules import add_conv_biases
from espnet_av.models.vgs.key_rules import (
    FAST_VGS_DROPPED,
    FAST_VGS_RULES,
    VG_HUBERT_DROPPED,
    VG_HUBERT_RULES,
)
from espnet_av.modules.resdavenet import BLOCKS

_Number = TypeVar("_Number", int, float)
_HEADS = 12
"""Attention heads of the published ones; the only size that shapes do not show."""
_GROUNDING_LAYER = 8
_FRESH = ("mask_emb", "units_head.{rest}")
_BERT_RATES = {
    "dropout_rate": "hidden_dropout_prob",
    "attention_dropout_rate": "attention_probs_dropout_prob",
}


def convert_fast_vgs(checkpoint: ForeignCheckpoint, *, num_units: int | None = None) -> Converted:
    """FaST-VGS+, or FaST-VGS, whose transformer ends at the grounding layer; a head is new.

    Args:
        checkpoint: from `read_bundle`.
        num_units: of the new head.

    Raises:
        CheckpointError: it is not complete, or cannot be represented.
    """
    weights, notes = add_conv_biases(checkpoint.weights)
    names = KeyMap(FAST_VGS_RULES, FAST_VGS_DROPPED, _FRESH)
    shapes = names.shapes(weights)
    # What it hears was normalised whatever its option said.
    conf, assumed = audio_conf(_told(checkpoint, normalize=True), shapes, "fast_vgs")
    num_layers = conf["encoder_conf"]["num_layers"]
    conf |= _grounding_conf(checkpoint, num_layers, assumed)
    conf |= _parts_conf(checkpoint, shapes, assumed)
    if num_layers == conf["grounding_layer"]:
        # Without the layers above it, which only masked prediction needs.
        conf["alpha"] = 1.0
    notes.append("its masked prediction was that of wav2vec 2.0; the head for units is new")
    return _finish(names, weights, checkpoint, "fast_vgs", conf, notes + assumed, num_units)


def convert_vg_hubert(checkpoint: ForeignCheckpoint, *, num_units: int | None = None) -> Converted:
    """VG-HuBERT, but for its vision transformer; a head is new.

    Args:
        checkpoint: from `read_bundle`.
        num_units: of the new head.

    Raises:
        CheckpointError: it is not complete, or cannot be represented.
    """
    weights, notes = add_conv_biases(checkpoint.weights)
    names = KeyMap(VG_HUBERT_RULES, VG_HUBERT_DROPPED, _FRESH)
    shapes = names.shapes(weights)
    normalize = bool(checkpoint.config.get("normalize", False))
    conf, assumed = audio_conf(_told(checkpoint, normalize=normalize), shapes, "vg_hubert")
    num_layers = conf["encoder_conf"]["num_layers"]
    path, family = checkpoint.path, "vg_hubert"
    margin = _option(checkpoint, "margin", float)
    conf |= {
        "alpha": 1.0,
        "grounding_layer": num_layers,
        "margin": 1.0 if margin is None else margin,
        "audio_class": "behind_positions",
        "speech_head": "class",
        "image": {
            "kind": "class_token",
            "feature_size": shape_of(shapes, "image_branch.project.0.weight", path, family)[1],
        },
        "vector_size": shape_of(shapes, "speech_head.project.2.weight", path, family)[0],
    }
    notes.append(
        "its vision transformer learned too, and is left out: vectors of images are right for the "
        "class tokens of that one alone"
    )
    return _finish(names, weights, checkpoint, family, conf, notes + assumed, num_units)


def _parts_conf(
    checkpoint: ForeignCheckpoint, shapes: Mapping[str, Size], assumed: list[str]
) -> dict[str, Any]:
    """Sizes of the parts around the transformer, from the shapes of their weights."""

    def size(name: str, axis: int = 0) -> int:
        return shape_of(shapes, name, checkpoint.path, "fast_vgs")[axis]

    pooling = "speech_head.pooling."
    num_stages = _count(shapes, pooling + "blocks.") // BLOCKS
    first = [f"{pooling}blocks.{BLOCKS * stage}.conv1.weight" for stage in range(num_stages)]
    heads = _option(checkpoint, "num_attention_heads", int)
    if heads is None:
        assumed.append(f"no options: {_HEADS} attention heads of BERT's layers assumed")
    rates = {name: _option(checkpoint, theirs, float) for name, theirs in _BERT_RATES.items()}
    return {
        "resdavenet": {
            "stem": size(pooling + "linear.weight"),
            "widths": [size(name) for name in first],
            "kernel": size(pooling + "blocks.0.conv1.weight", -1),
        },
        "image": {
            "feature_size": size("image_branch.embed.features.weight", 1),
            "num_layers": _count(shapes, "image_branch.layers."),
        },
        "bert": {
            "attention_heads": heads or _HEADS,
            "linear_units": size("speech_head.layer.fc1.weight"),
            **{name: rate for name, rate in rates.items() if rate is not None},
        },
        "vector_size": size("speech_head.project.weight"),
        "cross_encoder": _cross_conf(checkpoint, _count(shapes, "cross_encoder.layers.")),
    }


def _told(checkpoint: ForeignCheckpoint, *, normalize: bool) -> ForeignCheckpoint:
    """What its options say of convolutions and transformer, but for what was not done so."""
    # Its models have fewer layers than that option says.
    kept = {key: value for key, value in checkpoint.config.items() if key != "encoder_layers"}
    return replace(checkpoint, config={**kept, "task": {"normalize": normalize}})


def _grounding_conf(
    checkpoint: ForeignCheckpoint, num_layers: int, assumed: list[str]
) -> dict[str, Any]:
    layer = _option(checkpoint, "layer_use", int)
    number = min(_GROUNDING_LAYER, num_layers) if layer is None else layer + 1
    if layer is None:
        assumed.append(f"no options: grounding_layer {number} assumed, as in published models")
    margin, mask = _option(checkpoint, "margin", float), span_mask(checkpoint.config)
    told: dict[str, Any] = {"margin": margin, "mask": mask or None}
    known = {name: value for name, value in told.items() if value is not None}
    return {"grounding_layer": number, "features_penalty": 0.0, **known}


def _cross_conf(checkpoint: ForeignCheckpoint, num_layers: int) -> dict[str, Any] | None:
    if not num_layers:
        return None
    candidates = _option(checkpoint, "topk", float)
    told = {
        "weight": _option(checkpoint, "fine_matching_weight", float),
        "coarse_weight": _option(checkpoint, "coarse_matching_weight", float),
        "num_candidates": None if candidates is None else int(candidates),
    }
    known = {name: value for name, value in told.items() if value is not None}
    return {"num_layers": num_layers, **known}


def _option(checkpoint: ForeignCheckpoint, name: str, kind: type[_Number]) -> _Number | None:
    """A number of the training's options; None: they do not say.

    Raises:
        CheckpointError: it is no number.
    """
    value = checkpoint.config.get(name)
    if value is None:
        return None
    if type(value) not in (int, kind):
        msg = (
            f"{checkpoint.path}: its options have {name}: {value!r:.40}, where a number is "
            "expected; get args.pkl again"
        )
        raise CheckpointError(msg)
    return kind(value)


def _count(shapes: Mapping[str, Size], prefix: str) -> int:
    """How many numbered parts there are."""
    rests = (name.removeprefix(prefix) for name in shapes if name.startswith(prefix))
    return len({rest.split(".")[0] for rest in rests})


def _finish(
    names: KeyMap,
    weights: Mapping[str, Tensor],
    checkpoint: ForeignCheckpoint,
    family: str,
    conf: dict[str, Any],
    notes: list[str],
    num_units: int | None,
) -> Converted:
    return convert_weights(
        names,
        weights,
        checkpoint.path,
        family,
        "vgs",
        conf,
        notes,
        sizes=Sizes(units=num_units or DEFAULT_UNITS),
        small={"grounding_layer": 1},
    )
