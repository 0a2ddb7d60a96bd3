"""SpecAugment on normalised features: frequency and time stripes set to the mean."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.ops.stripe_masking import draw_stripes


@dataclass(frozen=True, kw_only=True)
class SpecAugmentConfig:
    """Stripes of SpecAugment (arXiv 1904.08779) in training; a count of 0 switches one kind off."""

    num_freq_masks: int = 2
    """Frequency stripes per utterance."""
    max_freq_width: int = 10
    """Widest frequency stripe, in mel bands."""
    num_time_masks: int = 2
    """Time stripes per utterance."""
    max_time_ratio: float = 0.05
    """Widest time stripe, as a share of the utterance."""
    max_time_width: int | None = None
    """Widest time stripe in frames, where that is less; null: no such limit."""

    def __post_init__(self) -> None:
        counts = (self.num_freq_masks, self.max_freq_width, self.num_time_masks)
        if min(*counts, self.max_time_width or 0) < 0:
            msg = "spec_augment: counts and widths must be 0 or more; raise them to 0"
            raise ConfigError(msg)
        if not 0.0 <= self.max_time_ratio <= 1.0:
            msg = f"spec_augment: max_time_ratio is {self.max_time_ratio}, it is a share in 0..1"
            raise ConfigError(msg)


class SpecAugment(nn.Module):
    """Zeroes random stripes while training; the identity in evaluation.

    Features must be normalised, so that 0 is their mean. Draws come from torch's default
    generator of the device, like dropout.
    """

    augments = True
    """It goes on in a front end that is frozen."""

    def __init__(self, config: SpecAugmentConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, D), (B,) -> (B, T, D)."""
        if not self.training:
            return features
        config, (batch_size, num_frames, num_bands) = self.config, features.shape
        lengths = lengths.to(features.device)
        hidden = torch.zeros((), dtype=torch.bool, device=features.device)
        if config.num_time_masks:
            widths = (lengths * config.max_time_ratio).long()
            if config.max_time_width is not None:
                widths = widths.clamp(max=config.max_time_width)
            stripes = draw_stripes(lengths, widths, config.num_time_masks, num_frames)
            hidden = hidden | stripes.unsqueeze(2)
        if config.num_freq_masks:
            bands = torch.full_like(lengths, num_bands)
            widths = torch.full_like(lengths, min(config.max_freq_width, num_bands))
            stripes = draw_stripes(bands, widths, config.num_freq_masks, num_bands)
            hidden = hidden | stripes.unsqueeze(1)
        return features.masked_fill(hidden.expand(batch_size, num_frames, num_bands), 0.0)
