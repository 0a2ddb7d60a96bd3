"""A model made of the weights of another project, complete and accounted for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from espnet_av.config import build
from espnet_av.models import MODELS
from espnet_av.models.abs_model import NO_SIZES, Sizes
from espnet_av.models.blueprint import blueprint
from espnet_av.models.conversion.key_map import KeyMap, KeyReport

FRESH_SEED = 0
"""Of the weights that the source does not have."""


@dataclass(frozen=True)
class Converted:
    """One of our models."""

    model: str
    """Name in `MODELS`."""
    model_conf: dict[str, Any]
    """Keys of its configuration."""
    weights: dict[str, Tensor]
    """Every weight of it, in its order."""
    report: KeyReport
    """Where they come from."""
    notes: tuple[str, ...] = ()
    """What was assumed, or is not as in the source."""
    num_units: int | None = None
    """Units that it predicts."""
    longest_sec: float | None = None
    """Of the utterances that it learned from, where the source tells."""


def convert_weights(
    key_map: KeyMap,
    source: Mapping[str, Tensor],
    path: Path,
    family: str,
    model: str,
    model_conf: dict[str, Any],
    notes: Sequence[str] = (),
    sizes: Sizes = NO_SIZES,
    small: Mapping[str, Any] = MappingProxyType({}),
) -> Converted:
    """Rename the weights of a source, and complete them.

    Args:
        key_map: from their names to ours.
        source: theirs.
        path: names the source in errors.
        family: as the user called it.
        model: name in `MODELS`.
        model_conf: its configuration.
        notes: what to tell the user.
        sizes: tokens or units.
        small: what else of the configuration has another value where the transformer is small, as
            it is made for weights that the source does not have.

    Raises:
        CheckpointError: a name on either side is not accounted for, or a shape differs.
        ConfigError: the configuration is not valid.
    """
    config_class, model_class = MODELS[model]
    config = build(config_class, model_conf, f"model_conf made from {path}")
    from_config = model_class.from_config
    shapes = blueprint(lambda: from_config(config, sizes), len(source), path)
    weights, report = key_map.apply(source, shapes)
    report.check(path, family)
    if report.fresh:
        # None of them is in the transformer, so that one layer of it is enough.
        layers = {**config.encoder_conf, "num_layers": 1}
        fresh = dataclasses.replace(config, encoder_conf=layers, **small)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(FRESH_SEED)
            made = from_config(fresh, sizes).state_dict()
        weights |= {name: made[name] for name in report.fresh}
    ordered = {name: weights[name] for name in shapes}
    return Converted(model, model_conf, ordered, report, tuple(notes), sizes.units)
