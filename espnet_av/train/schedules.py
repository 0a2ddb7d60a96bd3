"""Learning-rate schedules: the factor on the base rate as a function of the optimiser step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from espnet_av.config import build
from espnet_av.errors import ConfigError


class Schedule(Protocol):
    """What a schedule is: a factor for each optimiser step."""

    def scale(self, step: int, max_steps: int) -> float:
        """Factor on the base learning rate of the update after `step` finished updates."""
        ...


@dataclass(frozen=True, kw_only=True)
class Constant:
    """The base rate throughout, after an optional linear warm-up."""

    warmup_steps: int = 0

    def scale(self, step: int, max_steps: int) -> float:
        """Factor at `step`."""
        return _warmup(step, self.warmup_steps)


@dataclass(frozen=True, kw_only=True)
class Polynomial:
    """Linear rise over `warmup_steps`, then a power of the steps left, to `final_scale`.

    With power 1 a straight line, as wav2vec 2.0 and AV-HuBERT are pre-trained.
    """

    warmup_steps: int = 0
    power: float = 1.0
    final_scale: float = 0.0

    def __post_init__(self) -> None:
        if self.power <= 0:
            msg = f"polynomial: power is {self.power} and must be above 0; 1 is a straight line"
            raise ConfigError(msg)

    def scale(self, step: int, max_steps: int) -> float:
        """Factor at `step`."""
        left = 1.0 - _share(step - self.warmup_steps, max_steps - self.warmup_steps)
        fall = self.final_scale + (1.0 - self.final_scale) * left**self.power
        return _warmup(step, self.warmup_steps) * fall


@dataclass(frozen=True, kw_only=True)
class WarmupCosine:
    """Linear rise over `warmup_steps`, then half a cosine to `final_scale` at the last step."""

    warmup_steps: int = 0
    final_scale: float = 0.0

    def scale(self, step: int, max_steps: int) -> float:
        """Factor at `step`."""
        done = _share(step - self.warmup_steps, max_steps - self.warmup_steps)
        fall = 0.5 * (1.0 + math.cos(math.pi * done))
        return _warmup(step, self.warmup_steps) * (self.final_scale + (1 - self.final_scale) * fall)


@dataclass(frozen=True, kw_only=True)
class TriStage:
    """Linear rise, plateau, fall (SpecAugment, arXiv 1904.08779; wav2vec 2.0; SAMU-XLS-R).

    The three shares are of `max_steps` and add up to 1.
    """

    warmup_share: float = 0.1
    hold_share: float = 0.4
    decay_share: float = 0.5
    initial_scale: float = 0.01
    final_scale: float = 0.05
    decay: Literal["exponential", "linear"] = "exponential"
    """Way to the final scale: fairseq's, or the straight line of SAMU-XLS-R."""

    def __post_init__(self) -> None:
        total = self.warmup_share + self.hold_share + self.decay_share
        if abs(total - 1.0) > 1e-6 or min(self.initial_scale, self.final_scale) <= 0:
            msg = (
                f"tri_stage: warmup_share + hold_share + decay_share is {total:g} and must be 1; "
                "initial_scale and final_scale must be above 0"
            )
            raise ConfigError(msg)

    def scale(self, step: int, max_steps: int) -> float:
        """Factor at `step`."""
        warmup, decay = self.warmup_share * max_steps, self.decay_share * max_steps
        if step < warmup:
            return self.initial_scale + (1.0 - self.initial_scale) * step / warmup
        fallen = _share(step - (max_steps - decay), decay)
        if self.decay == "linear":
            return 1.0 + (self.final_scale - 1.0) * fallen
        return math.exp(math.log(self.final_scale) * fallen)


@dataclass(frozen=True, kw_only=True)
class Noam:
    """Linear rise, then inverse square root; the base rate is the peak (ESPnet's `warmuplr`)."""

    warmup_steps: int = 25000

    def scale(self, step: int, max_steps: int) -> float:
        """Factor at `step`."""
        warmup = max(self.warmup_steps, 1)
        return min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "polynomial": Polynomial,
    "warmup_cosine": WarmupCosine,
    "tri_stage": TriStage,
    "noam": Noam,
}


def build_schedule(name: str, conf: dict[str, Any]) -> Schedule:
    """The schedule `name` of `SCHEDULES` with the keys of `scheduler_conf`."""
    return build(SCHEDULES[name], conf, f"scheduler_conf ({name})")


def build_scheduler(
    optimizer: Optimizer, name: str, conf: dict[str, Any], max_steps: int
) -> LambdaLR:
    """Multiplies the rate of each group of the optimiser by the schedule `name`.

    A group that has `warmup_steps` (see `build_optimizer`) follows the schedule with these.

    Raises:
        ConfigError: a key is wrong, or a group has `warmup_steps` and the schedule has not.
    """
    groups = optimizer.param_groups
    confs = [_with_warmup(name, conf, group.get("warmup_steps")) for group in groups]
    return LambdaLR(optimizer, [_factor(build_schedule(name, conf), max_steps) for conf in confs])


def _factor(schedule: Schedule, max_steps: int) -> Callable[[int], float]:
    return lambda step: schedule.scale(step, max_steps)


def _with_warmup(name: str, conf: dict[str, Any], warmup_steps: int | None) -> dict[str, Any]:
    if warmup_steps is None:
        return conf
    if not hasattr(SCHEDULES[name], "warmup_steps"):
        msg = (
            f"param_groups: warmup_steps is set, but scheduler {name} has a warmup_share, the same "
            "for all groups; remove warmup_steps, or take another scheduler, e.g. warmup_cosine"
        )
        raise ConfigError(msg)
    return {**conf, "warmup_steps": warmup_steps}


def _warmup(step: int, warmup_steps: int) -> float:
    """1/w, 2/w .. 1: the first update already moves the weights."""
    return min((step + 1) / warmup_steps, 1.0) if warmup_steps > 0 else 1.0


def _share(part: float, whole: float) -> float:
    return min(max(part / max(whole, 1), 0.0), 1.0)
