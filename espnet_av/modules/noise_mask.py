"""Spans of features hidden behind noise, as BEST-RQ masks its input."""

from dataclasses import dataclass

import torch
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.modules.step_noise import StepNoise
from espnet_av.ops.span_masking import start_spans


@dataclass(frozen=True, kw_only=True)
class NoiseMaskConfig:
    """Spans at the rate of the features; the defaults are BEST-RQ's."""

    start_prob: float = 0.01
    """Probability that a span starts at a frame, of each frame and not of all together: about 1 -
    (1 - start_prob) ** span of the frames are masked, here a third."""
    span: int = 40
    """Frames of a span: 0.4 s at 100 Hz. Spans may overlap."""
    noise_std: float = 0.1
    """Deviation of the noise that takes the place of features with deviation 1."""

    def __post_init__(self) -> None:
        if not 0.0 < self.start_prob < 1.0:
            msg = (
                f"mask: start_prob is {self.start_prob}; it is the probability that a span starts "
                "at a frame, above 0 and below 1: 0.01 in BEST-RQ"
            )
            raise ConfigError(msg)
        if self.span < 1 or self.noise_std < 0.0:
            msg = (
                f"mask: span is {self.span}, noise_std {self.noise_std}; they must be at least 1 "
                "and 0: 40 and 0.1 in BEST-RQ"
            )
            raise ConfigError(msg)


def draw_noise_mask(
    config: NoiseMaskConfig, noise: StepNoise, kind: int, lengths: Tensor, num_frames: int
) -> Tensor:
    """Masks of a batch, on the device of the noise.

    Args:
        config: of the spans.
        noise: random numbers of the step. On the CPU, the number of masked frames is known without
            waiting for another device.
        kind: names the stream of random numbers.
        lengths: (B,) int64 frames, on the CPU.
        num_frames: T.

    Returns:
        (B, T) bool, True = masked.
    """
    numbers = noise.frames(kind, lengths, num_frames, 1).squeeze(2)
    lengths = lengths.to(noise.device, non_blocking=True)
    return start_spans(lengths, numbers, start_prob=config.start_prob, span=config.span)


def hide_behind_noise(
    features: Tensor, mask: Tensor, std: float, noise: StepNoise, kind: int, lengths: Tensor
) -> Tensor:
    """Puts normal noise in place of masked features.

    Args:
        features: (B, T, D) float.
        mask: (B, T) bool, on any device.
        std: deviation of the noise.
        noise: random numbers of the step, on the device of the features.
        kind: names the stream of random numbers.
        lengths: (B,) int64 frames, on the CPU.

    Returns:
        (B, T, D).
    """
    numbers = noise.frames(kind, lengths, features.size(1), features.size(2))
    # The uniform numbers are multiples of 2 ** -24, zero included.
    filling = torch.special.ndtri(numbers.clamp(min=2.0**-25)) * std
    mask = mask.to(features.device, non_blocking=True)
    return torch.where(mask.unsqueeze(2), filling.to(features.dtype), features)
