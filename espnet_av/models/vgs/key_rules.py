"""Names of FaST-VGS and VG-HuBERT, there and here."""

from __future__ import annotations

from torch import Tensor

from espnet_av.models.conversion.key_map import Dropped, Rule, prefixed
from espnet_av.models.masked_audio.key_rules import FAIRSEQ_RULES
from espnet_av.models.vgs.bundle import CROSS, MARKS
from espnet_av.modules.resdavenet import BLOCKS

_STAGES = 4
_CLASS = Rule("cls_token", "audio_class")
_HEADS = tuple(
    Dropped(MARKS["fast_vgs"] + name, "head of wav2vec 2.0's pre-training; ours predicts units")
    for name in ("quantizer.{rest}", "project_q.{p}", "final_proj.{p}")
)


def _bert(theirs: str, ours: str) -> tuple[Rule, ...]:
    """A layer under BERT's names."""
    names = {
        "attention.self.query.{p}": "self_attn.q_proj.{p}",
        "attention.self.key.{p}": "self_attn.k_proj.{p}",
        "attention.self.value.{p}": "self_attn.v_proj.{p}",
        "attention.output.dense.{p}": "self_attn.out_proj.{p}",
        "attention.output.LayerNorm.{p}": "self_attn_layer_norm.{p}",
        "intermediate.dense.{p}": "fc1.{p}",
        "output.dense.{p}": "fc2.{p}",
        "output.LayerNorm.{p}": "final_layer_norm.{p}",
    }
    return tuple(Rule(f"{theirs}.{a}", f"{ours}.{b}") for a, b in names.items())


def _over_time(weight: Tensor) -> Tensor:
    """(C', C, 1, K) -> (C', C, K): their frames are images of height 1."""
    return weight.squeeze(2)


def _pooling() -> tuple[Rule, ...]:
    ours = "speech_head.pooling."
    rules = [
        Rule("conv2.linear.{p}", ours + "linear.{p}"),
        Rule("conv2.bn1.{p}", ours + "norm.{p}"),
    ]
    for number in range(_STAGES * BLOCKS):
        stage, block = divmod(number, BLOCKS)
        theirs, here = f"conv2.layer{stage + 1}.{block}.", f"{ours}blocks.{number}."
        rules += [
            Rule(theirs + "conv1.weight", here + "conv1.weight", _over_time),
            Rule(theirs + "bn1.{p}", here + "norm1.{p}"),
            Rule(theirs + "conv2.weight", here + "conv2.weight", _over_time),
            Rule(theirs + "bn2.{p}", here + "norm2.{p}"),
            Rule(theirs + "downsample.0.weight", here + "shortcut.weight", _over_time),
            Rule(theirs + "downsample.1.{p}", here + "shortcut_norm.{p}"),
        ]
    return tuple(rules)


def _cross() -> tuple[Rule, ...]:
    theirs, ours = CROSS + "xtrm.{n}.", "cross_encoder.layers.{n}."
    rules = [
        Rule(theirs + "visual_attention.output.dense.{p}", ours + "cross.out_proj.{p}"),
        Rule(theirs + "visual_attention.output.LayerNorm.{p}", ours + "cross_norm.{p}"),
        Rule(CROSS + "fc.{n}.{p}", "cross_encoder.score.{n}.{p}"),
    ]
    attentions = {
        "visual_attention.att": "cross",
        "audio_self_att": "speech_attn",
        "visn_self_att": "image_attn",
    }
    parts = {"query": "q_proj", "key": "k_proj", "value": "v_proj"}
    for there, here in attentions.items():
        rules += [
            Rule(f"{theirs}{there}.{a}.{{p}}", f"{ours}{here}.{b}.{{p}}") for a, b in parts.items()
        ]
    for there, here in (("audio", "speech_block"), ("visn", "image_block")):
        rules += [
            Rule(f"{theirs}{there}_inter.dense.{{p}}", f"{ours}{here}.fc1.{{p}}"),
            Rule(f"{theirs}{there}_output.dense.{{p}}", f"{ours}{here}.fc2.{{p}}"),
            Rule(f"{theirs}{there}_output.LayerNorm.{{p}}", f"{ours}{here}.norm.{{p}}"),
        ]
    return tuple(rules)


FAST_VGS_RULES: tuple[Rule, ...] = (
    *prefixed((*FAIRSEQ_RULES, _CLASS), MARKS["fast_vgs"]),
    *_pooling(),
    Rule("audio_cls_token_proj_pre.{n}.{p}", "speech_head.of_class.{n}.{p}"),
    *_bert("trm2", "speech_head.layer"),
    Rule("trm2_proj.{p}", "speech_head.project.{p}"),
    Rule("visn_fc.visn_fc.{p}", "image_branch.embed.features.{p}"),
    Rule("visn_fc.visn_layer_norm.{p}", "image_branch.embed.features_norm.{p}"),
    Rule("visn_fc.box_fc.{p}", "image_branch.embed.boxes.{p}"),
    Rule("visn_fc.box_layer_norm.{p}", "image_branch.embed.boxes_norm.{p}"),
    Rule("visual_cls_token", "image_branch.class_vector"),
    *_bert("trm.{n}", "image_branch.layers.{n}"),
    Rule("visual_cls_token_proj_coarse.{n}.{p}", "image_branch.project.{n}.{p}"),
    *_cross(),
)
FAST_VGS_DROPPED: tuple[Dropped, ...] = (
    *_HEADS,
    Dropped("audio_cls_token_proj_coarse.{rest}", "its output was never used"),
)
VG_HUBERT_RULES: tuple[Rule, ...] = (
    *prefixed((*FAIRSEQ_RULES, _CLASS), MARKS["vg_hubert"]),
    # Their positional convolution stands before the encoder, with the class vector behind it.
    Rule(MARKS["vg_hubert"] + "pos_conv.{rest}", "encoder.pos_conv.{rest}"),
    Rule("audio_cls_token_proj.{n}.{p}", "speech_head.project.{n}.{p}"),
    Rule("visual_cls_token_proj.{n}.{p}", "image_branch.project.{n}.{p}"),
)
VG_HUBERT_DROPPED: tuple[Dropped, ...] = (
    Dropped("trm.{rest}", "the vision transformer: our images are features, made with it before"),
    Dropped("audio_feats_proj.{rest}", "of the loss of mean frames, which ours does not have"),
    Dropped("visual_feats_proj.{rest}", "of the loss of mean patches, which ours does not have"),
)
