"""`upstream: exp/x`: the configuration of a finished experiment inside that of a new one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.models import MODELS
from espnet_av.models.upstream import UPSTREAM
from espnet_av.train.config import TrainConfig
from espnet_av.train.initialisation import final_model
from espnet_av.train.loading import read_sizes, read_train_config, read_weights


def with_upstream(config: TrainConfig, exp_dir: Path) -> TrainConfig:
    """The configuration with its nested one filled, and its weights as the first to start from.

    What the YAML itself says of the nested configuration wins. A run that has begun needs the
    other experiment no more: its own config.yaml has all of it.

    Args:
        config: as the user wrote it.
        exp_dir: of the run.

    Raises:
        ConfigError: the model nests no other.
        CheckpointError: the experiment is not there, or not finished.
    """
    if config.upstream is None:
        return config
    config_class = MODELS[config.model][0] if config.model in MODELS else None
    if config_class is None or UPSTREAM not in {f.name for f in dataclasses.fields(config_class)}:
        msg = (
            f"upstream: model {config.model} has no other model in it; to start from the weights "
            f"of {config.upstream}, use init_param: [{config.upstream}]"
        )
        raise ConfigError(msg)
    nested = _merge(_nested(config.upstream, exp_dir), config.model_conf.get(UPSTREAM, {}))
    start = f"{config.upstream}::{UPSTREAM}"
    return dataclasses.replace(
        config,
        model_conf={**config.model_conf, UPSTREAM: nested},
        init_param=(start, *(entry for entry in config.init_param if entry != start)),
    )


def _nested(upstream: str, exp_dir: Path) -> dict[str, Any]:
    source = Path(upstream)
    if not (source / "config.yaml").is_file() and (exp_dir / "config.yaml").is_file():
        begun = read_train_config(exp_dir)
        if begun.upstream == upstream:
            return dict(begun.model_conf[UPSTREAM])
    if not source.is_dir():
        msg = f"upstream: {source}: no such experiment; train it first, or check the path"
        raise CheckpointError(msg)
    inner = read_train_config(source)
    sizes = read_sizes(source, inner, read_weights(final_model(source)))
    return {
        "model": inner.model,
        "model_conf": inner.model_conf,
        "sizes": {name: size for name, size in vars(sizes).items() if size is not None},
    }


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` in `base`, key by key down the tree."""
    merged = dict(base)
    for key, value in changes.items():
        inner = merged.get(key)
        is_tree = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(inner, value) if is_tree else value  # type: ignore[arg-type]
    return merged
