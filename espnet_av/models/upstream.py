"""A trained model inside another: a head on its layers, an adapter, a distilled student."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from espnet_av.config import build, check_choice
from espnet_av.models.abs_model import NO_SIZES, AVModel, Sizes

UPSTREAM = "upstream"
"""Name of the nested configuration in `model_conf`, and of the module in the outer model."""
_PARTS_OF_FEATURES = ("frontend.", "encoder.")


@dataclass(frozen=True, kw_only=True)
class UpstreamConfig:
    """What the inner model is built from; `upstream: exp/x` in a training YAML fills it."""

    model: str
    """Name in `espnet_av.models.MODELS`."""
    model_conf: dict[str, Any] = field(default_factory=dict)
    """Keys of that model's configuration."""
    sizes: Sizes = NO_SIZES
    """Of its tokens, units and classes."""


def build_upstream(config: UpstreamConfig) -> AVModel:
    """The inner model with fresh weights; what is only in its own loss does not learn.

    To be kept as the attribute `upstream` of the outer model, for its weights to find it.

    Raises:
        ConfigError: there is no such model, or its configuration is wrong.
    """
    # Outer models are among them.
    from espnet_av.models import MODELS

    config_class, model_class = MODELS[check_choice(config.model, MODELS, "upstream: model")]
    where = f"model_conf of upstream {config.model}"
    model = model_class.from_config(build(config_class, config.model_conf, where), config.sizes)
    for name, parameter in model.named_parameters():
        # Else processes would wait for gradients that never come.
        parameter.requires_grad_(name.startswith(_PARTS_OF_FEATURES))
    return model
