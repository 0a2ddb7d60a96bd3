"""What happens after each optimiser step: log, validate, rank, save, stop."""

from __future__ import annotations

import logging
import math
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning as L

from espnet_av.progress import ProgressBar
from espnet_av.train.best_models import BestModels
from espnet_av.train.checkpoint_store import save_checkpoint
from espnet_av.train.config import TrainConfig
from espnet_av.train.history import History
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.meter import ThroughputMeter, rates
from espnet_av.train.signals import StopRequest
from espnet_av.train.step_batch import StepBatch
from espnet_av.train.validation import check_applies, validate
from espnet_av.train.weights import model_weights

logger = logging.getLogger(__name__)

DRAW_INTERVAL_SEC = 60.0
"""Least time between two drawings of the curves."""


class StepCallback(L.Callback):
    """Runs the schedule of a training run; owns its curves and its ranking of checkpoints.

    Order at a step: log, validate, write `<step>step.pth`, save `last.ckpt`, remove old weights.
    A run killed anywhere in between repeats what came after its last save.
    """

    def __init__(self, config: TrainConfig, exp_dir: Path, stop: StopRequest) -> None:
        self._config, self._exp_dir, self._stop = config, exp_dir, stop
        self.history = History()
        self.best = BestModels(exp_dir, config.best_model_criterion, config.keep_nbest_models)
        self.stopped = False
        """The run ended early because it was asked to, and has saved."""
        self._throughput = ThroughputMeter()
        self._bar: ProgressBar | None = None
        self._postfix: dict[str, str] = {}
        self._drawn_at = float("-inf")
        self._clocked_at = time.monotonic()

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Go back to a lost validation; it may be all that is left to do."""
        module = _cast(pl_module)
        # As after every validation: a resumed run must not differ in this.
        module.train()
        if not self._config.save_frozen:
            self.best.frozen = module.frozen.names
        if trainer.is_global_zero:
            total, done = self._config.max_steps, self._step(module)
            self._bar = ProgressBar(total, "train", "step", initial=done)
        if module.progress.micro_step == 0:
            if trainer.is_global_zero:
                self.best.begin()
            check_applies(trainer, module, self._config.best_model_criterion)
        if module.progress.pending_validation:
            logger.info("step %d: validating, which the stop had cut short", self._step(module))
            self._validate(trainer, module)
            self._save(trainer, module)
        if self._step(module) >= self._config.max_steps:
            self._leave(trainer, module)
        self._throughput.reset()
        self._clock()

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: StepBatch, batch_idx: int
    ) -> None:
        """Count the batch and the wait for it."""
        self._throughput.batch_arrived(batch)

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: StepBatch,
        batch_idx: int,
    ) -> None:
        """After the last micro-batch of a step, do what is due at that step."""
        module, config = _cast(pl_module), self._config
        if module.progress.micro_step % config.accum_grad == 0:
            module.progress.train_sec += self._clock()
            self._end_step(trainer, module, self._step(module))
            if self._bar is not None:
                self._bar.update(1, **self._postfix)
            # Read by the next step's reduction, so that all ranks stop at the same one.
            module.stop_votes = float(bool(self._stop))
        self._throughput.batch_done()

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Release the terminal."""
        if self._bar is not None:
            self._bar.close()

    def state_dict(self) -> dict[str, Any]:
        """Curves and ranking, saved in every checkpoint."""
        return {"history": self.history.state_dict(), "best": self.best.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.history.load_state_dict(state_dict["history"])
        self.best.load_state_dict(state_dict["best"])

    def _end_step(self, trainer: L.Trainer, module: AVLightningModule, step: int) -> None:
        config, is_last = self._config, step >= self._config.max_steps
        stopping = self._is_stopping(trainer, module)
        if step % config.log_interval_steps == 0 or is_last:
            self._log(trainer, module, step)
        self._throughput.pause()
        if step % config.valid_interval_steps == 0 or is_last:
            module.progress.pending_validation = True
            if not stopping:
                stopping = not self._validate(trainer, module)
        if step % config.save_interval_steps == 0 or is_last or stopping:
            self._save(trainer, module)
        if is_last or stopping:
            self._leave(trainer, module)
        self._throughput.resume()

    def _leave(self, trainer: L.Trainer, module: AVLightningModule) -> None:
        is_last = self._step(module) >= self._config.max_steps
        self.stopped = not is_last or module.progress.pending_validation
        trainer.should_stop = True

    def _clock(self) -> float:
        """Seconds since the last call."""
        now, before = time.monotonic(), self._clocked_at
        self._clocked_at = now
        return now - before

    def _is_stopping(self, trainer: L.Trainer, module: AVLightningModule) -> bool:
        """Whether any rank was asked to stop; the same answer on all of them."""
        return module.stop_votes > 0 if trainer.world_size > 1 else bool(self._stop)

    def _log(self, trainer: L.Trainer, module: AVLightningModule, step: int) -> None:
        totals = trainer.strategy.reduce(module.stats.totals(), reduce_op="sum")
        values = module.stats.figures(totals)
        work = self._throughput.totals().to(module.device)
        speed = rates(trainer.strategy.reduce(work, reduce_op="sum").cpu(), trainer.world_size)
        values |= {"lr": module.learning_rate, "grad_norm": module.grad_norm}
        left = (self._config.max_steps - step) * module.progress.train_sec / step
        self.history.add("train", step, values)
        logger.info("%s", _train_line(step, self._config.max_steps, values, speed, module, left))
        if trainer.logger is not None:
            figures = {f"train/{key}": value for key, value in (values | speed).items()}
            trainer.logger.log_metrics(figures, step)
        self._postfix |= {
            "loss": f"{values.get('loss', math.nan):.3f}",
            "speech": f"{speed['speech_hours_per_hour']:.0f}h/h",
            "frames/s": f"{speed['frames_per_sec']:.0f}",
            "padding": f"{speed['padding_share']:.0%}",
            "wait": f"{speed['data_wait_share']:.0%}",
        }
        module.stats.reset()
        self._throughput.reset()

    def _validate(self, trainer: L.Trainer, module: AVLightningModule) -> bool:
        """False when a signal cut it short; then nothing is recorded."""
        step = self._step(module)
        values = validate(trainer, module, lambda: bool(self._stop))
        if values is None:
            return False
        module.progress.pending_validation = False
        self.history.add("valid", step, values)
        logger.info("step %d: valid %s", step, _format(values))
        weights = model_weights(trainer, module)
        if trainer.is_global_zero:
            stats = {phase: self._newest(phase) for phase in ("train", "valid")}
            self.best.add(step, weights, stats)
            self._draw(is_last=step >= self._config.max_steps)
            if trainer.logger is not None:
                trainer.logger.log_metrics({f"valid/{k}": v for k, v in values.items()}, step)
        self._postfix["valid"] = f"{values.get('loss', math.nan):.3f}"
        return True

    def _draw(self, is_last: bool) -> None:
        """Redraw the curves, unless that was done a moment ago: it takes about a second."""
        if is_last or time.monotonic() - self._drawn_at > DRAW_INTERVAL_SEC:
            self.history.draw(self._exp_dir / "images")
            self._drawn_at = time.monotonic()

    def _newest(self, phase: str) -> dict[str, float]:
        return {key: self.history.last(phase, key) for key in self.history.points[phase]}

    def _save(self, trainer: L.Trainer, module: AVLightningModule) -> None:
        save_checkpoint(trainer, self._exp_dir)
        logger.info("step %d: saved", self._step(module))
        if trainer.is_global_zero:
            self.best.prune()

    def _step(self, module: AVLightningModule) -> int:
        return module.progress.micro_step // self._config.accum_grad


def _train_line(
    step: int,
    max_steps: int,
    values: dict[str, float],
    speed: dict[str, float],
    module: AVLightningModule,
    seconds_left: float,
) -> str:
    return (
        f"step {step}/{max_steps}: {_format(values)} "
        f"speech={speed['speech_hours_per_hour']:.1f}h/h "
        f"utts/s={speed['utts_per_sec']:.1f} frames/s={speed['frames_per_sec']:.0f} "
        f"padding={speed['padding_share']:.1%} data_wait={speed['data_wait_share']:.1%} "
        f"skipped={module.progress.skipped_steps} epoch={module.progress.epoch} "
        f"ETA={timedelta(seconds=round(seconds_left))}"
    )


def _format(values: dict[str, float]) -> str:
    """Values that apply, the loss first."""
    keys = sorted(values, key=lambda key: (key != "loss", key))
    return " ".join(f"{key}={values[key]:.4g}" for key in keys if not math.isnan(values[key]))


def _cast(module: L.LightningModule) -> AVLightningModule:
    assert isinstance(module, AVLightningModule)
    return module
