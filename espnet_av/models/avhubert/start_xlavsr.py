"""The start of XLAVS-R: an audio-only model that can see, but has not learned to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert.convert import visual_conf
from espnet_av.models.avhubert.key_rules import COUNTERS, VISUAL_RULES
from espnet_av.models.conversion.converted import Converted, convert_weights
from espnet_av.models.conversion.foreign_checkpoint import FINE_TUNED_PREFIX, ForeignCheckpoint
from espnet_av.models.conversion.key_map import Dropped, KeyMap, Rule, prefixed
from espnet_av.models.masked_audio.foreign_conf import audio_conf
from espnet_av.models.masked_audio.key_rules import (
    FAIRSEQ_RULES,
    HF_DROPPED,
    add_conv_biases,
    hf_prefix,
    hf_rules,
)
from espnet_av.rates import FRAME_HZ, FrameRate

DEFAULT_UNITS = 2000
"""Units of XLAVS-R, if the user names no number."""
_VISUAL = "visual:"
"""Before the names of the second source."""
_AUDIO_HEADS = (
    "quantizer.{rest}",
    "project_q.{p}",
    "project_hid.{p}",
    "final_proj.{p}",
    "label_embs_concat",
)
_NEW = ("mask_emb", "units_head.{rest}", "frontend.fusion.project.{p}", COUNTERS)


@dataclass(frozen=True)
class _Eye:
    """What the model sees with."""

    weights: dict[str, Tensor]
    rules: tuple[Rule, ...]
    dropped: tuple[Dropped, ...]
    fresh: tuple[str, ...]
    conf: dict[str, Any]


def start_xlavsr(
    checkpoint: ForeignCheckpoint,
    *,
    frame_rate: FrameRate = 50,
    visual: ForeignCheckpoint | None = None,
    num_units: int | None = None,
) -> Converted:
    """XLAVS-R (arXiv 2403.14402) before its first step: with sound, it equals the audio-only model.

    At 50 Hz the output is the same; at 25 Hz the projection gives the mean of each two frames'
    projections. The fusion passes sound on and ignores lips until it has learned.

    Args:
        checkpoint: wav2vec 2.0, XLS-R or HuBERT of Hugging Face or fairseq.
        frame_rate: of the new model.
        visual: AV-HuBERT, pre-trained or fine-tuned, whose ResNet is taken over; None = a new one.
        num_units: units of the new head.

    Raises:
        CheckpointError: a checkpoint is of another family, not complete, or cannot be represented.
    """
    family = checkpoint.family() or "wav2vec2"
    if family not in ("wav2vec2", "hubert"):
        msg = f"{checkpoint.path}: is a checkpoint of {family}; XLAVS-R starts from sound alone"
        raise CheckpointError(msg)
    weights, notes = add_conv_biases(checkpoint.weights)
    rules = FAIRSEQ_RULES
    if checkpoint.style == "hf":
        rules = hf_rules(hf_prefix(weights), weights)
    conf, assumed = audio_conf(checkpoint, KeyMap(rules).shapes(weights), "an audio-only model")
    eye = _make_eye(visual, conf["feature_size"])
    if frame_rate == FRAME_HZ:
        rules = tuple(_halved(rule) for rule in rules)
        notes.append("25 Hz: the projection is the mean of two frames, 0.5 * [W, W]")
    reason = "head of the audio-only pre-training"
    heads = tuple(Dropped(name, reason) for name in _AUDIO_HEADS)
    return convert_weights(
        KeyMap(rules + eye.rules, HF_DROPPED + heads + eye.dropped, _NEW + eye.fresh),
        weights | eye.weights,
        checkpoint.path,
        family,
        "avhubert",
        conf | eye.conf | _conf(frame_rate),
        notes + assumed,
        sizes=Sizes(units=num_units or DEFAULT_UNITS),
    )


def _conf(frame_rate: int) -> dict[str, Any]:
    """What XLAVS-R has besides the audio-only model; spans cover the same time at either rate."""
    repeat = frame_rate // FRAME_HZ
    return {
        "visual_frontend": "resnet",
        "fusion": "linear",
        "frame_rate": frame_rate,
        "masking": "input",
        "audio_mask": {"start_prob": 0.08 / repeat, "span": 10 * repeat},
        "video_mask": {"start_prob": 0.06, "span": 5},
        "modality_dropout": {"drop_prob": 0.5, "audio_given_drop": 0.5},
        "unmasked_weight": 1.0,
        "features_penalty": 0.0,
        "feature_grad_mult": 1.0,
    }


def _halved(rule: Rule) -> Rule:
    """The projection's weight for two stacked frames; other rules as they are."""
    if rule.target != "frontend.audio.project.{p}":
        return rule
    return Rule(rule.source, rule.target, _mean_of_two)


def _mean_of_two(tensor: Tensor) -> Tensor:
    """(D, C) weight -> (D, 2C); (D,) bias -> itself."""
    return tensor if tensor.dim() == 1 else 0.5 * torch.cat([tensor, tensor], dim=1)


def _make_eye(visual: ForeignCheckpoint | None, size: int) -> _Eye:
    """The ResNet of an AV-HuBERT, with its projection if that has our `size`; or a new one."""
    if visual is None:
        return _Eye({}, (), (), ("frontend.visual.{rest}",), {})
    names = {name.removeprefix(FINE_TUNED_PREFIX): x for name, x in visual.weights.items()}
    resnet = {k: x for k, x in names.items() if k.startswith("feature_extractor_video.")}
    if not resnet:
        msg = f"{visual.path}: has no feature_extractor_video; --visual takes an AV-HuBERT"
        raise CheckpointError(msg)
    shapes = KeyMap(VISUAL_RULES).shapes(resnet)
    conf = {"visual_frontend_conf": visual_conf(shapes, visual, "avhubert")}
    weights = {_VISUAL + name: value for name, value in resnet.items()}
    rules = prefixed(VISUAL_RULES, _VISUAL)
    projection = shapes.get("frontend.visual.project.weight", (size,))[0]
    if projection == size:
        return _Eye(weights, rules, (), (), conf)
    kept = tuple(rule for rule in rules if ".project." not in rule.target)
    reason = f"has {projection} channels, {size} are wanted"
    dropped = (Dropped(_VISUAL + "feature_extractor_video.proj.{p}", reason),)
    return _Eye(weights, kept, dropped, ("frontend.visual.project.{p}",), conf)
