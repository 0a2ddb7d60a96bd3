"""The whole state dict of a model, wherever the strategy keeps its parts."""

from __future__ import annotations

import lightning as L
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import Tensor
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

from espnet_av.train.lightning_module import AVLightningModule


def model_weights(trainer: L.Trainer, module: AVLightningModule) -> dict[str, Tensor]:
    """State dict on the CPU; every rank has to call this, only rank 0 gets all of it (FSDP2)."""
    if isinstance(trainer.strategy, ModelParallelStrategy):
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        state = get_model_state_dict(module.model, options=options)
        return {key: value for key, value in state.items() if isinstance(value, Tensor)}
    return {key: value.detach().cpu() for key, value in module.model.state_dict().items()}
