"""Which frames pre-training hides: settings of the spans, and the mask of a batch."""

from dataclasses import dataclass

from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.modules.step_noise import StepNoise
from espnet_av.ops.span_masking import equalise_masks, place_spans


@dataclass(frozen=True, kw_only=True)
class SpanMaskConfig:
    """Spans of masked frames."""

    start_prob: float = 0.08
    """Spans for each frame: 0.08 in HuBERT and AV-HuBERT (fairseq: mask_prob 0.8, mask_length 10),
    0.065 in wav2vec 2.0. The share of masked frames is about 1 - (1 - start_prob) ** span."""
    span: int = 10
    """Frames of a span."""
    min_spans: int = 2
    """Least number of spans in an utterance."""
    equal: bool = False
    """Give masked frames back until all utterances of a batch that have any have as few as the one
    that has the fewest, as fairseq does; the loss here does not need it."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.start_prob < 1.0:
            msg = (
                f"mask: start_prob is {self.start_prob}; it is the probability that a span starts "
                "at a frame: fairseq's mask_prob 0.8 with mask_length 10 is start_prob 0.08"
            )
            raise ConfigError(msg)
        if self.span < 1 or self.min_spans < 0:
            msg = (
                f"mask: span is {self.span}, min_spans {self.min_spans}; use 1 and 0 or more, "
                "e.g. span 10 and min_spans 2"
            )
            raise ConfigError(msg)


def draw_span_mask(
    config: SpanMaskConfig, noise: StepNoise, kind: int, lengths: Tensor, num_frames: int
) -> Tensor:
    """Masks of a batch, drawn on the device of the noise.

    Args:
        config: of the spans.
        noise: random numbers of the step.
        kind: names the stream of random numbers.
        lengths: (B,) int64 frames, on the CPU.
        num_frames: T.

    Returns:
        (B, T) bool, True = masked.
    """
    # One number more than frames: it decides how many spans an utterance gets.
    width = 2 if config.equal else 1
    numbers = noise.frames(kind, lengths + 1, num_frames + 1, width)
    mask = place_spans(
        lengths.to(noise.device, non_blocking=True),
        numbers[:, :, 0],
        start_prob=config.start_prob,
        span=config.span,
        min_spans=config.min_spans,
    )
    return equalise_masks(mask, numbers[:, 1:, 1]) if config.equal else mask
