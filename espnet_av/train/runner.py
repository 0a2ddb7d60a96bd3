"""A whole training run: data, model, Lightning trainer, and what is left when it ends."""

from __future__ import annotations

import enum
import logging
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.loggers import TensorBoardLogger

from espnet_av.data.dataset import AVDataset
from espnet_av.data.noise_bank import NoiseBank
from espnet_av.data.readers.vector import check_one_teacher
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.unit_set import read_summary, read_units
from espnet_av.data.workers import LOSSES, explain_loss
from espnet_av.errors import AVError, TrainingError
from espnet_av.models.abs_model import AVModel
from espnet_av.rates import FRAME_HZ
from espnet_av.train.allocator import keep_freed_memory
from espnet_av.train.checkpoint_store import (
    DirectIO,
    find_checkpoint,
    remove_half_written,
    set_aside_damaged,
)
from espnet_av.train.config import PRECISIONS, TrainConfig
from espnet_av.train.criteria import check_criteria
from espnet_av.train.data_module import AVDataModule
from espnet_av.train.devices import Devices, is_main_process
from espnet_av.train.experiment import TrainInputs, is_done, mark_done, open_experiment
from espnet_av.train.initialisation import initialise
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.loading import build_model
from espnet_av.train.longest import write_longest
from espnet_av.train.parameter_report import parameter_report
from espnet_av.train.signals import StopRequest
from espnet_av.train.step_callback import StepCallback
from espnet_av.train.step_sampler import Progress
from espnet_av.train.stored_states import check_states
from espnet_av.train.strategies import build_strategy, cluster_environment
from espnet_av.train.summary import hardware, write_summary
from espnet_av.train.teacher_note import write_teacher
from espnet_av.train.unit_origin import warn_of_other_units
from espnet_av.train.upstream import with_upstream

logger = logging.getLogger(__name__)


class Outcome(enum.Enum):
    """How a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    NOTHING_TO_DO = "nothing to do"


def train(
    config: TrainConfig, inputs: TrainInputs, exp_dir: Path, devices: Devices, stop: StopRequest
) -> Outcome:
    """Train to `config.max_steps`, from the last checkpoint in `exp_dir` if there is one.

    Raises:
        AVError: configuration, data or checkpoints do not allow it; the message says why.
    """
    config = with_upstream(config, exp_dir)
    is_main = is_main_process()
    if is_main:
        open_experiment(exp_dir, config, inputs, devices.world_size)
    if is_done(exp_dir):
        logger.info("%s: done already, nothing to do", exp_dir)
        return Outcome.NOTHING_TO_DO
    if is_main:
        remove_half_written(exp_dir)
    _prepare_torch(config, devices)
    progress = Progress()
    tokenizer = Tokenizer.load(inputs.token_dir) if inputs.token_dir else None
    found = find_checkpoint(exp_dir)
    if found and is_main:
        set_aside_damaged(exp_dir, found[0])
    module = _build_module(config, inputs, tokenizer, progress, is_new=found is None)
    report = exp_dir / "dropped.tsv" if is_main else None
    data = _build_data(config, inputs, tokenizer, progress, module.model, report)
    if found is None:
        data.check_fields(module.model)
        check_states(module.model, (inputs.train_dir, inputs.valid_dir))
    callback = StepCallback(config, exp_dir, stop)
    path, saved = found or (None, {"micro_step": 0})
    start_step = saved["micro_step"] // config.accum_grad
    logger.info(
        "%s at step %d of %d", "going on" if found else "start", start_step, config.max_steps
    )
    trainer = build_trainer(config, exp_dir, devices, callback, start_step)
    _fit(trainer, module, data, path)
    if callback.stopped:
        return _stopped(exp_dir, stop)
    if trainer.is_global_zero:
        callback.best.finish(config.average)
        figures = {"data_sec": data.train_sec, "train_sec": progress.train_sec}
        used = hardware(devices.ngpu, devices.world_size)
        best = {"best": callback.best.figures()}
        write_summary(exp_dir, {**figures, "steps": config.max_steps, "hardware": used, **best})
        mark_done(exp_dir)
    logger.info("%s: finished %d steps", exp_dir, config.max_steps)
    return Outcome.FINISHED


def build_trainer(
    config: TrainConfig,
    exp_dir: Path,
    devices: Devices,
    callback: StepCallback,
    start_step: int = 0,
) -> L.Trainer:
    """The Lightning trainer; everything beside the training loop itself is in `callback`."""
    trainer = L.Trainer(
        accelerator="gpu" if devices.ngpu else "cpu",
        devices=devices.per_node,
        num_nodes=devices.num_nodes,
        strategy=build_strategy(config.strategy, devices.world_size),
        plugins=[cluster_environment(devices), DirectIO()],
        precision=PRECISIONS[config.precision],
        # `callback` ends the run, after the last validation too if that was cut short.
        max_steps=-1,
        max_epochs=-1,
        accumulate_grad_batches=config.accum_grad,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        callbacks=[callback],
        logger=TensorBoardLogger(
            exp_dir, name="tensorboard", version="", purge_step=start_step or None
        ),
        default_root_dir=exp_dir,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    # `StopRequest` has the signals, and its votes travel with the gradients. Lightning's handler
    # would end a run without saving, with status 0, and its broadcast would wait for the device in
    # every micro-batch.
    trainer._signal_connector.register_signal_handlers = lambda: None  # type: ignore[method-assign]
    trainer.fit_loop.epoch_loop._broadcast_sigterm_tensor = lambda: None  # type: ignore[method-assign]
    return trainer


def _build_data(
    config: TrainConfig,
    inputs: TrainInputs,
    tokenizer: Tokenizer | None,
    progress: Progress,
    model: AVModel,
    dropped_path: Path | None,
) -> AVDataModule:
    noise = None
    if config.dataset.noise_prob > 0 and inputs.noise_dir is not None:
        noise = NoiseBank.load(inputs.noise_dir)

    def dataset(dump_dir: Path, noise: NoiseBank | None, train: bool) -> AVDataset:
        units = read_units(inputs.units_dir / dump_dir.name) if inputs.units_dir else None
        return AVDataset(
            dump_dir,
            tokenizer,
            config.dataset,
            noise,
            train=train,
            seed=config.seed,
            units=units,
            frame_hz=model.feature_rate,
            cut_long=True,
            reads=model.reads,
        )

    train_set = dataset(inputs.train_dir, noise, train=True)
    valid_set = dataset(inputs.valid_dir, None, train=False)
    if "teacher" in model.reads:
        check_one_teacher(train_set.data, valid_set.data)
    if dropped_path is not None:
        train_set.report_dropped(dropped_path)
        write_longest(dropped_path.parent, max(train_set.recorded_frames) / FRAME_HZ)
        if "teacher" in model.reads:
            write_teacher(dropped_path.parent, train_set.data)
    logger.info(
        "%d training utterances (%d left out), %d for validation",
        len(train_set),
        len(train_set.dropped),
        len(valid_set),
    )
    return AVDataModule(train_set, valid_set, config, progress)


def _build_module(
    config: TrainConfig,
    inputs: TrainInputs,
    tokenizer: Tokenizer | None,
    progress: Progress,
    is_new: bool,
) -> AVLightningModule:
    num_units = None
    if inputs.units_dir is not None:
        num_units = read_summary(inputs.units_dir)["num_units"]
    torch.manual_seed(config.seed)
    model = build_model(config, tokenizer, num_units)
    if is_new:
        tokens = tokenizer.tokens if tokenizer else None
        initialise(model, config.init_param, config.ignore_init_mismatch, tokens)
        warn_of_other_units(config.init_param, inputs.units_dir)
        check_criteria(config.best_model_criterion, model)
    module = AVLightningModule(model, config, progress)
    logger.info("parameters\n%s", parameter_report(model))
    if config.freeze_param:
        logger.info("freeze_param: %s", module.frozen.text())
    return module


def _fit(
    trainer: L.Trainer, module: AVLightningModule, data: AVDataModule, path: Path | None
) -> None:
    try:
        trainer.fit(module, datamodule=data, ckpt_path=path, weights_only=True)
    except AVError:
        raise
    except LOSSES as error:
        if _is_lost_process(error):
            msg = (
                f"another process of this run has ended ({str(error).splitlines()[0]}); its log "
                "says why, often memory ran out; run the same command again, training goes on from "
                "the last checkpoint"
            )
            raise TrainingError(msg) from error
        lost = explain_loss(error)
        if lost is None:
            raise
        msg = f"{lost}; run again, training goes on from the last checkpoint"
        raise TrainingError(msg) from error


def _is_lost_process(error: Exception) -> bool:
    """Whether a collective operation failed because a process that takes part in it is gone."""
    words = ("Connection closed by peer", "Connection reset by peer", "Broken pipe")
    if isinstance(error, torch.distributed.DistError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def _stopped(exp_dir: Path, stop: StopRequest) -> Outcome:
    name = stop.signal.name if stop.signal else "another process"
    logger.warning("%s: stopped by %s and saved; run the same command to go on", exp_dir, name)
    return Outcome.STOPPED


def _prepare_torch(config: TrainConfig, devices: Devices) -> None:
    keep_freed_memory()
    threads = config.num_threads or max(1, devices.num_cores - config.num_workers)
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(config.matmul_precision)
