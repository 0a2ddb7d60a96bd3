"""Parts of a model that do not learn, and keep still while the rest does."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from torch import nn

from espnet_av.errors import ConfigError

logger = logging.getLogger(__name__)

_SHOWN = 8


class FrozenParts:
    """Stops the gradients of parameters, and holds the modules that are frozen whole.

    Held modules are in evaluation, also while the others train: their batch norm neither uses nor
    gathers statistics of the batch, and they drop nothing out. Only augmentation goes on, which
    makes the inputs of the parts that learn: modules with `augments` (modality dropout,
    SpecAugment). A batch norm is held wherever its own parameters are frozen.

    Args:
        model: changed in place.
        patterns: beginnings of parameter names, in which `*` stands for anything.
        keep: the same, of those among them that learn.

    Raises:
        ConfigError: a pattern matches no parameter, or one to keep none that is frozen.
    """

    def __init__(self, model: nn.Module, patterns: Sequence[str], keep: Sequence[str] = ()) -> None:
        chosen = _matched(model, patterns, "freeze_param")
        kept = _matched(model, keep, "keep_param")
        for pattern in keep:
            if not chosen & _matched(model, [pattern], "keep_param"):
                msg = (
                    f"keep_param: '{pattern}' is not frozen, so it learns anyway; leave it out, or "
                    'freeze more with freeze_param (all: "")'
                )
                raise ConfigError(msg)
        chosen -= kept
        for parameter in chosen:
            parameter.requires_grad_(False)
        self.num_parameters = len(chosen)
        self.modules = {
            name: module for name, module in model.named_modules() if _is_whole(module, chosen)
        }
        self.names = _names(model, chosen, self.modules)
        """Of weights in the state dict that stay what they are."""
        self.hold()

    def hold(self) -> None:
        """Put the frozen modules in evaluation; to be called after every `train()`."""
        for part in self.modules.values():
            for module in part.modules():
                if isinstance(module, nn.RNNBase):
                    # cuDNN has no gradient of an RNN in evaluation, for what lies below it.
                    module.dropout = 0.0
                else:
                    module.training = module.training and getattr(module, "augments", False)

    def text(self) -> str:
        """One line: how many parameters, and the largest modules that are frozen whole."""
        whole = [name for name in self.modules if not self._is_inside(name)]
        more = f" and {len(whole) - _SHOWN} more" if len(whole) > _SHOWN else ""
        names = ", ".join(name or "the model" for name in whole[:_SHOWN]) or "no whole module"
        return f"{self.num_parameters} parameters frozen; in evaluation: {names}{more}"

    def _is_inside(self, name: str) -> bool:
        parts = name.split(".")
        return any(".".join(parts[:n]) in self.modules for n in range(len(parts)))


def _matched(model: nn.Module, patterns: Sequence[str], option: str) -> set[nn.Parameter]:
    found: set[nn.Parameter] = set()
    for pattern in patterns:
        # With duplicates: a layer that shares a matrix has a name for it, too.
        named = model.named_parameters(remove_duplicate=False)
        matched = {p for name, p in named if fnmatchcase(name, f"{pattern}*")}
        if not matched:
            msg = (
                f"{option}: no parameter starts with '{pattern}'; "
                f"top-level parts are {', '.join(n for n, _ in model.named_children())}"
            )
            raise ConfigError(msg)
        found |= matched
    return found


def _names(
    model: nn.Module, chosen: set[nn.Parameter], modules: Mapping[str, nn.Module]
) -> frozenset[str]:
    """Frozen parameters, and the buffers of modules that are frozen whole."""
    names = {name for name, p in model.named_parameters(remove_duplicate=False) if p in chosen}
    for name, module in modules.items():
        names |= {f"{name}.{buffer}".removeprefix(".") for buffer, _ in module.named_buffers()}
    return frozenset(names)


def _is_whole(module: nn.Module, chosen: set[nn.Parameter]) -> bool:
    """Whether nothing in a module learns, and that because of the configuration."""
    parameters = list(module.parameters())
    return any(p in chosen for p in parameters) and not any(p.requires_grad for p in parameters)
