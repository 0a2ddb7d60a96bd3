"""A model's weights against its configuration, before memory is taken for what this says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Size, Tensor, nn
from torch.nn.modules import module as torch_module

from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.models.small_ones import SmallOnes

_SHOWN = 8
_SPARE_PARTS = 1000


def blueprint(
    build: Callable[[], nn.Module], num_weights: int, path: str | Path
) -> dict[str, Size]:
    """Name -> shape of every weight of a model; no memory is taken for those that are large.

    Args:
        build: makes the model.
        num_weights: how many there are to be loaded; a model of far more is not made to its end.
        path: names the weights in errors.

    Raises:
        CheckpointError: the configuration is not valid, or its sizes are out of all proportion.
    """
    limit = 4 * num_weights + _SPARE_PARTS
    try:
        # Tensors of both kinds that meet are no fault of the configuration, whoever names it so.
        mixed = suppress(RuntimeError, ConfigError)
        with mixed, _no_more_parts_than(limit, path), SmallOnes():
            return _shapes(build)
        with _no_more_parts_than(limit, path), torch.device("meta"):
            return _shapes(build)
    except CheckpointError:
        raise
    except Exception as error:  # whatever sizes that no model has lead to, in ESPnet's classes too
        first = next(iter(str(error).splitlines()), repr(error))
        msg = f"{path}: the configuration beside it makes no model ({first:.300}); take both from "
        msg += "the same place"
        raise CheckpointError(msg) from error


def check_exactly(
    shapes: Mapping[str, Size], weights: Mapping[str, Tensor], path: str | Path
) -> None:
    """Stop unless weights are neither more nor less than a model has.

    Raises:
        CheckpointError: anything is missing, unexpected or of another shape.
    """
    names = sorted(
        key
        for key in shapes.keys() | weights.keys()
        if key not in shapes or key not in weights or shapes[key] != weights[key].shape
    )
    if names:
        msg = (
            f"{path}: does not fit the model of its config.yaml; differing: "
            f"{', '.join(names[:_SHOWN])}; use the config.yaml that was written with it"
        )
        raise CheckpointError(msg)


def _shapes(build: Callable[[], nn.Module]) -> dict[str, Size]:
    return {name: value.shape for name, value in build().state_dict().items()}


@contextmanager
def _no_more_parts_than(limit: int, path: str | Path) -> Iterator[None]:
    """A thousand million layers take all memory even where their numbers take none."""
    num_parts = 0

    def count(*_: Any) -> None:
        nonlocal num_parts
        num_parts += 1
        if num_parts > limit:
            msg = (
                f"{path}: does not fit its configuration, which has many more layers; use the one "
                "that was written with it"
            )
            raise CheckpointError(msg)

    handles = [
        torch_module.register_module_module_registration_hook(count),
        torch_module.register_module_parameter_registration_hook(count),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
