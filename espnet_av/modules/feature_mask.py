"""Spans of frames and of channels that fine-tuning hides from a pre-trained transformer."""

from dataclasses import dataclass

import torch
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.modules.span_mask import SpanMaskConfig, draw_span_mask
from espnet_av.modules.step_noise import StepNoise

FRAMES, CHANNELS = 0, 1
"""Kinds of random numbers."""
_MIN_SPANS = 2
"""Of an utterance whose frames are masked, however short."""


@dataclass(frozen=True, kw_only=True)
class FeatureMaskConfig:
    """What is hidden in training; nothing is in evaluation.

    Shares are those of fairseq's and Hugging Face's `mask_prob`: together the spans are so long,
    as a share of all. Where they overlap less is hidden: 0.3 in spans of 6 hides 26.5 % of the
    frames. No probability that a span starts: that would hide 1 - 0.7 ** 6, 88 %.
    """

    time_share: float = 0.3
    """Length of all spans of frames together, as a share of the utterance; 0 = none."""
    time_span: int = 6
    """Frames of a span, which the learned vector `mask_emb` takes the place of."""
    channel_share: float = 0.5
    """The same of the channels of an utterance, which become 0; 0 = none."""
    channel_span: int = 64
    """Neighbouring channels of a span."""

    def __post_init__(self) -> None:
        for name in ("time", "channel"):
            share, span = getattr(self, f"{name}_share"), getattr(self, f"{name}_span")
            if span < 1 or not 0.0 <= share < span:
                msg = (
                    f"feature_mask: {name}_share is {share}, {name}_span {span}; the share is in "
                    "0..1, as fairseq's mask_prob, and a span at least 1"
                )
                raise ConfigError(msg)

    @property
    def time(self) -> SpanMaskConfig:
        """Spans of frames."""
        prob, least = self.time_share / self.time_span, _MIN_SPANS if self.time_share else 0
        return SpanMaskConfig(start_prob=prob, span=self.time_span, min_spans=least)

    @property
    def channels(self) -> SpanMaskConfig:
        """Spans of channels."""
        prob = self.channel_share / self.channel_span
        return SpanMaskConfig(start_prob=prob, span=self.channel_span, min_spans=0)


def hide_features(
    config: FeatureMaskConfig, features: Tensor, lengths: Tensor, filling: Tensor, noise: StepNoise
) -> tuple[Tensor, Tensor]:
    """Masks a batch.

    Args:
        config: how much.
        features: (B, T, D) float.
        lengths: (B,) int64 frames, on the CPU.
        filling: (D,) what a masked frame becomes.
        noise: random numbers of the step.

    Returns:
        ((B, T, D), (B, T) bool with True = masked frame).
    """
    size = features.size(2)
    hidden = draw_span_mask(config.time, noise, FRAMES, lengths, features.size(1))
    channels = draw_span_mask(
        config.channels, noise, CHANNELS, torch.full_like(lengths, size), size
    )
    features = torch.where(hidden.unsqueeze(2), filling.to(features.dtype), features)
    return features.masked_fill(channels.unsqueeze(1), 0.0), hidden
