"""Configuration of a training run (the YAML given to `espnet_av.bin.train`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from espnet_av.config import Choice
from espnet_av.data.balance import SamplingConfig
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.errors import ConfigError

PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed"}
"""Name -> Lightning's."""
_AT_LEAST_ONE = (
    "batch_frames",
    "max_utts",
    "accum_grad",
    "max_steps",
    "valid_interval_steps",
    "save_interval_steps",
    "log_interval_steps",
    "max_nonfinite_steps",
    "keep_nbest_models",
    "prefetch_batches",
    "num_threads",
)


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """Settings of the optimiser."""

    lr: float = 1e-3
    """Base learning rate; the schedule multiplies it."""
    betas: tuple[float, float] = (0.9, 0.98)
    """Decay of the first and second moments."""
    eps: float = 1e-8
    """Added to the square root of the second moment."""
    weight_decay: float = 0.0
    """L2 penalty (adam) or decoupled decay (adamw, bert_adam)."""


@dataclass(frozen=True, kw_only=True)
class ParamGroup:
    """Parameters with a learning rate of their own; the first group that matches a name wins."""

    prefix: str
    """Start of the parameter name, e.g. `encoder.`."""
    lr_scale: float = 1.0
    """Factor on the base learning rate."""
    weight_decay: float | None = None
    """Instead of `optim_conf.weight_decay`; null keeps that."""
    warmup_steps: int | None = None
    """Instead of `scheduler_conf.warmup_steps`: the whole schedule is then this group's own, its
    fall too; null keeps that."""

    def __post_init__(self) -> None:
        if self.warmup_steps is not None and self.warmup_steps < 0:
            msg = (
                f"param_groups: warmup_steps of '{self.prefix}' is {self.warmup_steps}; it must be "
                "0 or more"
            )
            raise ConfigError(msg)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Steps are optimiser updates; batch sizes are per process."""

    model: str = "avsr"
    """Name in `espnet_av.models.MODELS`."""
    model_conf: dict[str, Any] = field(default_factory=dict)
    """Keys of that model's configuration."""
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    """Augmentation, noise and filters of the training set."""
    sampling: SamplingConfig | None = None
    """Balance between languages; null: every utterance once an epoch."""

    batch_frames: int = 1600
    """Budget of one micro-batch: utterances x longest, in frames at 25 Hz."""
    max_utts: int = 64
    """Most utterances in one micro-batch."""
    accum_grad: int = 1
    """Micro-batches per update; equal to one batch of their sum."""
    max_steps: int = 1000
    """Updates in the whole run."""
    valid_interval_steps: int = 100
    """Updates between validations; the last step is always validated."""
    save_interval_steps: int = 100
    """Updates between checkpoints that a killed run goes on from."""
    log_interval_steps: int = 20
    """Updates between lines of train.log."""

    optim: Annotated[str, Choice("train.optimizers.OPTIMIZERS")] = "adamw"
    """Optimiser; `bert_adam` is AdamW without bias correction, for grounding."""
    optim_conf: OptimConfig = field(default_factory=OptimConfig)
    """Its settings."""
    param_groups: tuple[ParamGroup, ...] = ()
    """Parts of the model with another learning rate."""
    layer_lr_decay: float = 1.0
    """Factor on the rate from each encoder layer to the one below it; the front end, below the
    lowest layer, learns slowest. On top of `param_groups`; 1 = none."""
    scheduler: Annotated[str, Choice("train.schedules.SCHEDULES")] = "warmup_cosine"
    """Learning-rate schedule, advanced per update."""
    scheduler_conf: dict[str, Any] = field(default_factory=dict)
    """Keys of that schedule (`espnet_av.train.schedules`)."""
    grad_clip: float = 5.0
    """Largest gradient norm; 0 does not clip."""
    max_nonfinite_steps: int = 10
    """Updates in a row that may be skipped for a loss or gradient that is not finite."""

    best_model_criterion: tuple[tuple[str, str, str], ...] = (("valid", "loss", "min"),)
    """[phase, key, min|max] as in ESPnet; the first one names the averaged model."""
    keep_nbest_models: int = 5
    """Weights of so many best validations are kept as `<step>step.pth`."""
    average: int = 5
    """So many best ones are averaged at the end; 0 does not average."""

    upstream: str | None = None
    """Folder of a finished experiment whose model this one has in it: its configuration becomes
    `model_conf.upstream`, where single keys may have another value, and its weights start it."""
    init_param: tuple[str, ...] = ()
    """Weights to start from, `path[:source prefix[:destination prefix[:excluded,..]]]`; the path
    of an experiment folder means its final model."""
    ignore_init_mismatch: bool = False
    """Leave out weights of another shape instead of stopping."""
    freeze_param: tuple[str, ...] = ()
    """Beginnings of the names of parameters that are not trained; `*` stands for anything. Modules
    all of whose parameters are frozen are in evaluation: batch norm keeps its statistics, nothing
    is dropped out. Modality dropout and SpecAugment go on."""
    keep_param: tuple[str, ...] = ()
    """Beginnings of names that are trained although `freeze_param` has them: all but a head is
    `freeze_param: [""]` with `keep_param: [head.]`."""
    save_frozen: bool = False
    """Write frozen weights into every file of a best model or an average; else they are once in
    `frozen.pth` beside these, which are to be copied together. A packed model is whole."""

    seed: int = 0
    """Seed of the weights, of the order of utterances, and of every random draw."""
    precision: Annotated[str, Choice("train.config.PRECISIONS")] = "fp32"
    """bf16: automatic mixed precision; weights stay fp32."""
    matmul_precision: Literal["highest", "high", "medium"] = "high"
    """fp32 matrix products on CUDA: `high` allows TF32."""
    strategy: Literal["auto", "ddp", "fsdp2"] = "auto"
    """How processes share the work; auto is ddp with more than one process."""
    num_workers: int = 1
    """Data-loading processes per training process; any number gives the same run."""
    prefetch_batches: int = 4
    """Micro-batches that each worker keeps ready."""
    num_threads: int | None = None
    """CPU threads of the model; null: its share of the cores less its workers, at least 1."""

    def __post_init__(self) -> None:
        for phase, key, mode in self.best_model_criterion:
            if phase not in ("train", "valid") or mode not in ("min", "max"):
                msg = (
                    f"best_model_criterion: [{phase}, {key}, {mode}] must be "
                    "[train or valid, a key of the statistics, min or max]"
                )
                raise ConfigError(msg)
        if not self.best_model_criterion:
            msg = "best_model_criterion: give at least one, e.g. [[valid, loss, min]]"
            raise ConfigError(msg)
        if not 0 <= self.average <= self.keep_nbest_models:
            msg = (
                f"average: {self.average} best models cannot be averaged when keep_nbest_models "
                f"is {self.keep_nbest_models}; raise keep_nbest_models or lower average"
            )
            raise ConfigError(msg)
        if not 0 < self.layer_lr_decay <= 1:
            msg = f"layer_lr_decay: {self.layer_lr_decay} must be above 0 and at most 1, e.g. 0.9"
            raise ConfigError(msg)
        least = dict.fromkeys(_AT_LEAST_ONE, 1) | {"num_workers": 0, "grad_clip": 0}
        for name, lowest in least.items():
            value = getattr(self, name)
            if value is not None and value < lowest:
                msg = f"{name}: {value} must be at least {lowest}"
                raise ConfigError(msg)
        # The score of a step would be that of an older one, or of none.
        is_logged = self.valid_interval_steps % self.log_interval_steps == 0
        if not is_logged and any(phase == "train" for phase, _, _ in self.best_model_criterion):
            msg = (
                f"valid_interval_steps: {self.valid_interval_steps} must be a multiple of "
                f"log_interval_steps, {self.log_interval_steps}, as best_model_criterion asks for "
                "figures of the training"
            )
            raise ConfigError(msg)
