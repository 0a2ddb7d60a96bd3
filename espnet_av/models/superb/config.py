"""Configurations of SUPERB's heads (arXiv 2105.01051); the defaults are those of s3prl."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from espnet_av.errors import ConfigError
from espnet_av.models.states import LastState
from espnet_av.models.upstream import UpstreamConfig


@dataclass(frozen=True, kw_only=True)
class ProbeConfig:
    """What all heads have below them."""

    upstream: UpstreamConfig
    """The frozen model; `upstream: exp/x` fills it."""
    last_state: LastState = "output"
    """The last of the states that are mixed: the encoder's output, behind its norm if it has one
    there, as in s3prl; or what its last layer adds up to, before that norm."""
    states: Literal["computed", "stored"] = "computed"
    """Whether training computes the states at every step, or reads what `decode --kind states`
    stored; then the model below runs in tests alone."""
    normalise_states: bool = False
    """Each state gets mean 0 and variance 1 before they are mixed."""

    @property
    def audio_frontend(self) -> str:
        """What hears: the model below."""
        return self.upstream.model

    @property
    def visual_frontend(self) -> str:
        """What sees lips: nothing, SUPERB is of sound."""
        return "none"


@dataclass(frozen=True, kw_only=True)
class KeywordConfig(ProbeConfig):
    """KS: one class an utterance."""

    projection_size: int = 256
    """Between the states and the mean over time; there is no non-linearity."""

    def __post_init__(self) -> None:
        check_sizes(projection_size=self.projection_size)


@dataclass(frozen=True, kw_only=True)
class IntentConfig(KeywordConfig):
    """IC: several slots an utterance, each with values of its own."""

    slot_sizes: tuple[int, ...] = (6, 14, 4)
    """Values of each slot: actions, objects and locations of Fluent Speech Commands. A class
    (`dataset.label_slots`) is one value of each."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.slot_sizes or min(self.slot_sizes) < 1:
            msg = f"slot_sizes are {list(self.slot_sizes)}; every slot has values, as [6, 14, 4]"
            raise ConfigError(msg)

    @property
    def num_classes(self) -> int:
        """Of all slots together."""
        return prod(self.slot_sizes)


@dataclass(frozen=True, kw_only=True)
class PhoneConfig(ProbeConfig):
    """PR: phones by CTC."""

    projection_size: int = 256
    """Between the states and the last layer."""

    def __post_init__(self) -> None:
        check_sizes(projection_size=self.projection_size)


@dataclass(frozen=True, kw_only=True)
class DiarizationConfig(ProbeConfig):
    """SD: who speaks when."""

    hidden_size: int = 512
    """Of the LSTM."""
    num_talkers: int = 2
    """Outputs."""
    median_frames: int = 11
    """Frames of the median filter over what is predicted; odd, 1: none."""

    def __post_init__(self) -> None:
        check_sizes(hidden_size=self.hidden_size, num_talkers=self.num_talkers)
        if self.median_frames < 1 or self.median_frames % 2 == 0:
            msg = f"median_frames is {self.median_frames}; it is odd, as 11, or 1 for no filter"
            raise ConfigError(msg)


def check_sizes(**sizes: int) -> None:
    """Check that sizes are at least 1.

    Raises:
        ConfigError: one is not.
    """
    for name, size in sizes.items():
        if size < 1:
            msg = f"{name} is {size}; it must be 1 or more"
            raise ConfigError(msg)
