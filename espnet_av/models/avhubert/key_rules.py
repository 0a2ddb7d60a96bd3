"""Names of AV-HuBERT's front ends, there and here."""

from __future__ import annotations

from espnet_av.models.conversion.key_map import Rule

_RESNET, _VISUAL = "feature_extractor_video.resnet.", "frontend.visual."

VISUAL_RULES = (
    Rule(_RESNET + "frontend3D.0.weight", _VISUAL + "stem.conv.weight"),
    Rule(_RESNET + "frontend3D.1.{p}", _VISUAL + "stem.bn.{p}"),
    Rule(_RESNET + "frontend3D.2.weight", _VISUAL + "stem.act.weight"),
    *(
        Rule(f"{_RESNET}trunk.layer{i + 1}.{{m}}.{{rest}}", f"{_VISUAL}trunk.{i}.{{m}}.{{rest}}")
        for i in range(4)
    ),
    Rule("feature_extractor_video.proj.{p}", _VISUAL + "project.{p}"),
)
FRONTEND_RULES = (
    *VISUAL_RULES,
    Rule("feature_extractor_audio.proj.{p}", "frontend.audio.project.{p}"),
    Rule("layer_norm.{p}", "frontend.fusion.layer_norm.{p}"),
    Rule("post_extract_proj.{p}", "frontend.fusion.project.{p}"),
    Rule("encoder.{rest}", "encoder.{rest}"),
)
"""All that fine-tuning keeps."""
COUNTERS = "frontend.visual.{rest}.num_batches_tracked"
"""How often batch norm saw a batch; nothing depends on it."""
