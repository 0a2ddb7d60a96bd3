"""One optimiser step: forward, exact weighting over micro-batches and ranks, guarded update."""

from __future__ import annotations

import logging
import math
from typing import Any, Self

import lightning as L
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from espnet_av.errors import TrainingError
from espnet_av.models.abs_model import AVModel
from espnet_av.modules.statistics import Statistics
from espnet_av.train.config import TrainConfig
from espnet_av.train.freezing import FrozenParts
from espnet_av.train.meter import StatsMeter
from espnet_av.train.optimizers import build_optimizer
from espnet_av.train.random_state import seed_micro_step
from espnet_av.train.schedules import build_scheduler
from espnet_av.train.sharding import shard
from espnet_av.train.step_batch import StepBatch
from espnet_av.train.step_sampler import Progress

logger = logging.getLogger(__name__)


class AVLightningModule(L.LightningModule):
    """Trains any `AVModel`, whose forward gives (loss, stats, weight).

    The update is the gradient of sum(loss * weight) / sum(weight) over all micro-batches and all
    ranks of a step: accumulating gradients, or adding ranks, equals one large batch.
    """

    def __init__(self, model: AVModel, config: TrainConfig, progress: Progress) -> None:
        super().__init__()
        self.model = model
        self.frozen = FrozenParts(model, config.freeze_param, config.keep_param)
        self.config = config
        self.progress = progress
        self.stats = StatsMeter(model.stats)
        self.grad_norm = float("nan")
        """Gradient norm of the last step, before clipping."""
        self.learning_rate = float("nan")
        """Rate of the last step; of the parameters at the base rate, if there are any."""
        self.stop_votes = 0.0
        """In: 1 when this rank was asked to stop. Out: sum over ranks, after each step."""
        self._weight: Tensor | None = None
        self._seen: list[tuple[Tensor, list[str]]] = []

    def train(self, mode: bool = True) -> Self:
        """As in torch, but that frozen parts stay in evaluation."""
        super().train(mode)
        self.frozen.hold()
        return self

    def configure_model(self) -> None:
        """Shard the layers when the strategy brings a device mesh (FSDP2)."""
        if self.device_mesh is not None:
            shard(self.model, self.device_mesh["data_parallel"])

    def configure_optimizers(self) -> dict[str, Any]:
        """Optimiser over the trainable parameters; schedule advanced per optimiser step."""
        config = self.config
        optimizer = build_optimizer(
            self.model,
            config.optim,
            config.optim_conf,
            config.param_groups,
            config.layer_lr_decay,
        )
        scheduler = build_scheduler(
            optimizer, config.scheduler, config.scheduler_conf, config.max_steps
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def training_step(self, batch: StepBatch, batch_idx: int) -> Tensor:
        """Summed loss of a micro-batch; `on_before_optimizer_step` divides by the total weight."""
        seed_micro_step(self.config.seed, self.global_rank, batch.key.micro_step)
        self.model.set_step(batch.key.micro_step, self.global_rank, self.config.seed)
        self.model.set_update(batch.key.step)
        loss, stats, weight = self.model(**batch.batch.as_dict())
        loss, weight = loss.reshape(()), weight.detach().reshape(()).to(loss.dtype)
        self.stats.add(stats)
        self._weight = weight if self._weight is None else self._weight + weight
        self._seen.append((loss.detach(), batch.batch.utt_id))
        self.progress.micro_step = batch.key.micro_step + 1
        self.progress.epoch, self.progress.next_batch = batch.key.epoch, batch.key.batch + 1
        return loss * weight

    def validation_step(self, batch: StepBatch, batch_idx: int) -> Statistics:
        """Statistics of one batch."""
        stats: Statistics = self.model(**batch.batch.as_dict())[1]
        return stats

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Turn summed gradients into the mean over the step, clip, and drop a broken update."""
        assert self._weight is not None
        self.learning_rate = float(optimizer.param_groups[-1]["lr"])
        votes = torch.full_like(self._weight, self.stop_votes)
        sums = self.trainer.strategy.reduce(torch.stack([self._weight, votes]), reduce_op="sum")
        # Lightning divides by the micro-batches and DDP averages over ranks; both are undone here.
        scale = self.config.accum_grad * self.trainer.world_size / sums[0]
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        gradients = [p.grad for p in parameters if p.grad is not None]
        torch._foreach_mul_(gradients, scale)
        norm = torch.nn.utils.get_total_norm(gradients)
        if hasattr(norm, "full_tensor"):
            norm = norm.full_tensor()
        # The only wait for the device in a step: all figures in one copy.
        figures = torch.cat([norm.to(sums.dtype).reshape(1), sums]).tolist()
        self.grad_norm, weight, self.stop_votes = figures
        if not math.isfinite(self.grad_norm):
            self._skip_update(parameters, weight)
        else:
            self.progress.skipped_in_row = 0
            if self.config.grad_clip > 0:
                torch.nn.utils.clip_grads_with_norm_(parameters, self.config.grad_clip, norm)
        self._weight = None
        self._seen.clear()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the position in the run."""
        checkpoint["progress"] = dict(vars(self.progress))
        checkpoint["world_size"] = self.trainer.world_size

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from the position of the checkpoint."""
        for name, value in checkpoint["progress"].items():
            setattr(self.progress, name, value)

    def _skip_update(self, parameters: list[nn.Parameter], weight: float) -> None:
        """Leave weights and moments alone: optimisers pass over parameters without gradient."""
        for parameter in parameters:
            parameter.grad = None
        self.progress.skipped_steps += 1
        self.progress.skipped_in_row += 1
        broken = [ids for loss, ids in self._seen if not torch.isfinite(loss)]
        ids = [utt for batch in broken or [ids for _, ids in self._seen] for utt in batch]
        if weight == 0:
            what = "there was nothing to learn from"
            cure = "look at their text, units and lengths, or mask and drop less"
        else:
            what = f"the {'loss' if broken else 'gradient'} was not finite"
            cure = (
                "look at their audio, video and text, or lower optim_conf.lr or grad_clip, or use "
                "precision: fp32"
            )
        logger.warning("%s, update skipped; utterances: %s", what, " ".join(ids))
        if self.progress.skipped_in_row >= self.config.max_nonfinite_steps:
            msg = (
                f"{what} in {self.progress.skipped_in_row} updates in a row, last with the "
                f"utterances {' '.join(ids)}; {cure}"
            )
            raise TrainingError(msg)
