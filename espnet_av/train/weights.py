"""The state dict of a model: whole, wherever the strategy keeps its parts, and as a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import Tensor
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

from espnet_av.atomic import atomic_write
from espnet_av.command import cure_of
from espnet_av.errors import CheckpointError
from espnet_av.train.frozen_base import BASE, frozen_part, without_base
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.loading import read_weights


def model_weights(trainer: L.Trainer, module: AVLightningModule) -> dict[str, Tensor]:
    """State dict on the CPU; every rank has to call this, only rank 0 gets all of it (FSDP2)."""
    if isinstance(trainer.strategy, ModelParallelStrategy):
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        state = get_model_state_dict(module.model, options=options)
        return {key: value for key, value in state.items() if isinstance(value, Tensor)}
    return {key: value.detach().cpu() for key, value in module.model.state_dict().items()}


def write_weights(weights: Mapping[str, Tensor], path: Path, frozen: Collection[str] = ()) -> None:
    """Write a state dict at once or not at all.

    Args:
        weights: name -> tensor on the CPU.
        path: file to write.
        frozen: names that are left out where they are what `frozen.pth` beside it has; that is
            written first if it is not there.

    Raises:
        CheckpointError: the file system refuses, e.g. it is full.
    """
    if not frozen:
        _write(dict(weights), path)
        return
    base_path = path.parent / BASE
    if not base_path.is_file():
        _write(frozen_part(weights, frozen), base_path)
    _write(without_base(weights, read_weights(base_path)), path)


def _write(content: dict[str, Any], path: Path) -> None:
    try:
        with atomic_write(path, "wb") as stream:
            torch.save(content, stream)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError when a write fails in it
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        msg = (
            f"{path}: could not be written ({reason}); {cure_of(error)} and run again, training "
            "goes on from its last checkpoint"
        )
        raise CheckpointError(msg) from error
