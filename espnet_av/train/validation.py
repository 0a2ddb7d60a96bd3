"""Statistics of a model over the validation set, exact over batches and ranks."""

from __future__ import annotations

from collections.abc import Callable

import lightning as L
import torch

from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.meter import StatsMeter


def validate(
    trainer: L.Trainer, module: AVLightningModule, is_stopped: Callable[[], bool]
) -> dict[str, float] | None:
    """Key -> mean over all validation utterances; None when a rank was asked to stop meanwhile.

    Lightning's own validation loop is not used: it cannot be left without losing the step that was
    just made, nor be run first after a restart.
    """
    meter, stopped = StatsMeter(), False
    module.eval()
    try:
        with torch.no_grad(), trainer.precision_plugin.val_step_context():
            for index, batch in enumerate(trainer.datamodule.val_dataloader()):
                # Sharded models communicate in every forward pass: there, all ranks finish.
                stopped = stopped or is_stopped()
                if stopped and trainer.world_size == 1:
                    return None
                moved = batch.to(module.device)
                meter.add(*module.validation_step(moved, index))
    finally:
        module.train()
    totals = meter.totals().to(module.device)
    flag = torch.tensor([float(stopped)], device=module.device)
    totals = trainer.strategy.reduce(totals, reduce_op="sum")
    if trainer.strategy.reduce(flag, reduce_op="sum").item() > 0:
        return None
    return meter.means(totals)
