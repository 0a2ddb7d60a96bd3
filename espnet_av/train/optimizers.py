"""Optimisers and parameter groups."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import nn

from espnet_av.errors import ConfigError
from espnet_av.train.bert_adam import BertAdam
from espnet_av.train.config import OptimConfig, ParamGroup

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "bert_adam": BertAdam,
}

_LAYER = re.compile(r"encoder\.(?:layers|encoders)\.(\d+)\.")
_BEFORE_LAYERS = ("frontend.", "encoder.pos_conv", "encoder.embed.")


def build_optimizer(
    model: nn.Module,
    name: str,
    conf: OptimConfig,
    groups: Sequence[ParamGroup] = (),
    layer_lr_decay: float = 1.0,
) -> torch.optim.Optimizer:
    """Optimiser `name` over the trainable parameters of `model`.

    Args:
        model: frozen parameters (`requires_grad` false) are left out.
        name: key of `OPTIMIZERS`.
        conf: settings shared by all groups.
        groups: parameters whose names start with `prefix` get their own rate; first match wins.
            A `warmup_steps` stands in the group of the optimiser, for `build_scheduler`.
        layer_lr_decay: factor from each encoder layer to the one below it (`layer_depths`).

    Raises:
        ConfigError: a group matches no trainable parameter, nothing is trainable, or there is a
            `layer_lr_decay` and the encoder has no numbered layers.
    """
    depths = layer_depths(model) if layer_lr_decay != 1.0 else {}
    members: dict[tuple[int, int], list[nn.Parameter]] = {}
    for parameter_name, parameter in model.named_parameters():
        if parameter.requires_grad:
            key = _group_of(parameter_name, groups), -depths.get(parameter_name, 0)
            members.setdefault(key, []).append(parameter)
    _check_groups(model, groups, {group for group, _ in members})
    # The base rate, if it is in use, comes last: it is the one that is logged.
    settings = [
        _settings(conf, (*groups, ParamGroup(prefix=""))[group], layer_lr_decay**-rank, parameters)
        for (group, rank), parameters in sorted(members.items(), key=lambda item: item[0])
    ]
    if not settings:
        msg = "freeze_param: every parameter is frozen, nothing is left to train; freeze fewer"
        raise ConfigError(msg)
    # One pass over the weights instead of one for each of its ten operations.
    devices = {parameter.device.type for group in members.values() for parameter in group}
    fused = devices <= {"cpu", "cuda"}
    return OPTIMIZERS[name](settings, betas=conf.betas, eps=conf.eps, fused=fused)  # type: ignore[call-arg]


def layer_depths(model: nn.Module) -> dict[str, int]:
    """How far below the top encoder layer each parameter is; those above it are left out.

    The top layer has depth 0, the one below it 1; the front end and whatever else of the encoder
    comes before its layers have the number of layers, one more than the lowest layer.

    Raises:
        ConfigError: the encoder has no numbered layers.
    """
    names = [name for name, _ in model.named_parameters()]
    numbers = {name: int(found[1]) for name in names if (found := _LAYER.match(name))}
    if not numbers:
        msg = (
            "layer_lr_decay: the model has no parameters named encoder.layers.N or "
            "encoder.encoders.N; use an encoder with numbered layers, or param_groups"
        )
        raise ConfigError(msg)
    num_layers = max(numbers.values()) + 1
    depths = {name: num_layers - 1 - number for name, number in numbers.items()}
    return depths | {name: num_layers for name in names if name.startswith(_BEFORE_LAYERS)}


def _group_of(name: str, groups: Sequence[ParamGroup]) -> int:
    for index, group in enumerate(groups):
        if name.startswith(group.prefix):
            return index
    return len(groups)


def _check_groups(model: nn.Module, groups: Sequence[ParamGroup], used: Collection[int]) -> None:
    for index, group in enumerate(groups):
        if index not in used:
            msg = (
                f"param_groups: no trainable parameter starts with '{group.prefix}'; "
                f"top-level parts are {', '.join(n for n, _ in model.named_children())}"
            )
            raise ConfigError(msg)


def _settings(
    conf: OptimConfig, group: ParamGroup, scale: float, parameters: list[nn.Parameter]
) -> dict[str, Any]:
    settings = {
        "params": parameters,
        "lr": conf.lr * group.lr_scale * scale,
        "weight_decay": conf.weight_decay if group.weight_decay is None else group.weight_decay,
    }
    if group.warmup_steps is not None:
        settings["warmup_steps"] = group.warmup_steps
    return settings
