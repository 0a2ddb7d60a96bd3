"""Parts of a model that do not learn, and keep still while the rest does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
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

    Raises:
        ConfigError: a pattern matches no parameter.
    """

    def __init__(self, model: nn.Module, patterns: Sequence[str]) -> None:
        chosen: set[nn.Parameter] = set()
        for pattern in patterns:
            # With duplicates: a layer that shares a matrix has a name for it, too.
            named = model.named_parameters(remove_duplicate=False)
            matched = {p for name, p in named if fnmatchcase(name, f"{pattern}*")}
            if not matched:
                msg = (
                    f"freeze_param: no parameter starts with '{pattern}'; "
                    f"top-level parts are {', '.join(n for n, _ in model.named_children())}"
                )
                raise ConfigError(msg)
            chosen |= matched
        for parameter in chosen:
            parameter.requires_grad_(False)
        self.num_parameters = len(chosen)
        self.modules = {
            name: module for name, module in model.named_modules() if _is_whole(module, chosen)
        }
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


def _is_whole(module: nn.Module, chosen: set[nn.Parameter]) -> bool:
    """Whether nothing in a module learns, and that because of the configuration."""
    parameters = list(module.parameters())
    return any(p in chosen for p in parameters) and not any(p.requires_grad for p in parameters)
