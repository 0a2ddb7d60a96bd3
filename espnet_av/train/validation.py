"""Statistics of a model over the validation set, exact over batches and ranks."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import lightning as L
import torch
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.train.kept_outputs import KeptOutputs
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.meter import StatsMeter

logger = logging.getLogger(__name__)

_SHOWN = 20


def validate(
    trainer: L.Trainer, module: AVLightningModule, is_stopped: Callable[[], bool]
) -> dict[str, float] | None:
    """Figures over all validation utterances; None when a rank was asked to stop meanwhile.

    Lightning's own validation loop is not used: it cannot be left without losing the step that was
    just made, nor be run first after a restart.
    """
    meter, stopped, seen = StatsMeter(module.model.stats), False, []
    kept = KeptOutputs(module.model)
    with _evaluation(trainer, module):
        for index, batch in enumerate(trainer.datamodule.val_dataloader()):
            # Sharded models communicate in every forward pass: there, all ranks finish.
            stopped = stopped or is_stopped()
            if stopped and trainer.world_size == 1:
                return None
            moved = batch.to(module.device)
            stats = module.validation_step(moved, index)
            meter.add(stats, batch.counted)
            kept.add(moved)
            if batch.counted:
                seen.append((stats.is_broken("loss"), batch.batch.utt_id))
    totals = meter.totals().to(module.device)
    flag = torch.tensor([float(stopped)], device=module.device)
    totals = trainer.strategy.reduce(totals, reduce_op="sum")
    if trainer.strategy.reduce(flag, reduce_op="sum").item() > 0:
        return None
    _name_broken(seen)
    return meter.figures(totals) | kept.figures()


def check_applies(
    trainer: L.Trainer, module: AVLightningModule, criteria: Sequence[tuple[str, str, str]]
) -> None:
    """Check, before the first step, that what the best models are chosen by applies to the data.

    Looks at validation batches until each criterion has applied: mostly at one.

    Raises:
        ConfigError: a criterion applies to no utterance.
    """
    meter = StatsMeter(module.model.stats)
    waiting = {f"{phase}.{key}": key for phase, key, _ in criteria}
    with _evaluation(trainer, module):
        for index, batch in enumerate(trainer.datamodule.val_dataloader()):
            meter.add(module.validation_step(batch.to(module.device), index), batch.counted)
            # The same answer on all ranks, which have as many batches each.
            means = meter.figures(trainer.strategy.reduce(meter.totals(), reduce_op="sum"))
            # A broken loss says nothing about what applies; the end of the run will.
            if not math.isfinite(means.get("loss", math.nan)):
                return
            waiting = {n: k for n, k in waiting.items() if math.isnan(means.get(k, 0.0))}
            if not waiting:
                return
    if waiting:
        msg = (
            f"best_model_criterion: {', '.join(waiting)} applies to no utterance of the validation "
            f"set; choose among {', '.join(sorted(k for k in means if not math.isnan(means[k])))}, "
            "or change model_conf or the data, so that it does"
        )
        raise ConfigError(msg)


@contextmanager
def _evaluation(trainer: L.Trainer, module: AVLightningModule) -> Iterator[None]:
    module.eval()
    try:
        with torch.no_grad(), trainer.precision_plugin.val_step_context():
            yield
    finally:
        module.train()


def _name_broken(seen: Sequence[tuple[Tensor, Sequence[str]]]) -> None:
    if not seen:
        return
    # One wait for the device.
    flags = torch.stack([broken for broken, _ in seen]).tolist()
    ids = [utt for broken, (_, batch) in zip(flags, seen, strict=True) if broken for utt in batch]
    if ids:
        more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        logger.warning(
            "validation: the loss was not finite in the batches of %s%s; look at their audio, "
            "video and text",
            " ".join(ids[:_SHOWN]),
            more,
        )
