"""Optimisers and parameter groups."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from espnet_av.errors import ConfigError
from espnet_av.train.config import OptimConfig, ParamGroup

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


def build_optimizer(
    model: nn.Module, name: str, conf: OptimConfig, groups: Sequence[ParamGroup] = ()
) -> torch.optim.Optimizer:
    """Optimiser `name` over the trainable parameters of `model`.

    Args:
        model: frozen parameters (`requires_grad` false) are left out.
        name: key of `OPTIMIZERS`.
        conf: settings shared by all groups.
        groups: parameters whose names start with `prefix` get their own rate; first match wins.

    Raises:
        ConfigError: a group matches no trainable parameter, or nothing is trainable.
    """
    members: list[list[nn.Parameter]] = [[] for _ in range(len(groups) + 1)]
    for parameter_name, parameter in model.named_parameters():
        if parameter.requires_grad:
            members[_group_of(parameter_name, groups)].append(parameter)
    for group, parameters in zip(groups, members, strict=False):
        if not parameters:
            msg = (
                f"param_groups: no trainable parameter starts with '{group.prefix}'; "
                f"top-level parts are {', '.join(n for n, _ in model.named_children())}"
            )
            raise ConfigError(msg)
    settings = [
        {
            "params": parameters,
            "lr": conf.lr * group.lr_scale,
            "weight_decay": conf.weight_decay if group.weight_decay is None else group.weight_decay,
        }
        for group, parameters in zip((*groups, ParamGroup(prefix="")), members, strict=True)
        if parameters
    ]
    if not settings:
        msg = "freeze_param: every parameter is frozen, nothing is left to train; freeze fewer"
        raise ConfigError(msg)
    fused = all(parameter.is_cuda for group in members for parameter in group)
    return OPTIMIZERS[name](settings, betas=conf.betas, eps=conf.eps, fused=fused)  # type: ignore[call-arg]


def freeze(model: nn.Module, prefixes: Sequence[str]) -> int:
    """Stop gradients for parameters that start with one of `prefixes`; returns how many tensors.

    Raises:
        ConfigError: a prefix matches no parameter.
    """
    frozen = 0
    for prefix in prefixes:
        matched = [p for name, p in model.named_parameters() if name.startswith(prefix)]
        if not matched:
            msg = (
                f"freeze_param: no parameter starts with '{prefix}'; "
                f"top-level parts are {', '.join(n for n, _ in model.named_children())}"
            )
            raise ConfigError(msg)
        for parameter in matched:
            parameter.requires_grad_(False)
        frozen += len(matched)
    return frozen


def _group_of(name: str, groups: Sequence[ParamGroup]) -> int:
    for index, group in enumerate(groups):
        if name.startswith(group.prefix):
            return index
    return len(groups)
