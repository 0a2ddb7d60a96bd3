"""SpecAugment on normalised features: frequency and time stripes set to the mean."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.ops.lengths import valid_mask
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

    def __post_init__(self) -> None:
        if min(self.num_freq_masks, self.max_freq_width, self.num_time_masks) < 0:
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
            stripes = draw_stripes(lengths, widths, config.num_time_masks, num_frames)
            hidden = hidden | stripes.unsqueeze(2)
        if config.num_freq_masks:
            bands = torch.full_like(lengths, num_bands)
            widths = torch.full_like(lengths, min(config.max_freq_width, num_bands))
            stripes = draw_stripes(bands, widths, config.num_freq_masks, num_bands)
            hidden = hidden | stripes.unsqueeze(1)
        return features.masked_fill(hidden.expand(batch_size, num_frames, num_bands), 0.0)


def normalise_utterance(features: Tensor, lengths: Tensor) -> Tensor:
    """Mean 0 and variance 1 per band over the valid frames of each utterance; padding becomes 0.

    Args:
        features: (B, T, D) float.
        lengths: (B,) int64.

    Returns:
        (B, T, D).
    """
    mask = valid_mask(lengths, features.size(1), features.device).unsqueeze(2)
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    features = torch.where(mask, features, 0.0)
    mean = features.sum(dim=1, keepdim=True) / count
    centred = torch.where(mask, features - mean, 0.0)
    variance = centred.square().sum(dim=1, keepdim=True) / count
    # 1e-5 keeps a silent or one-frame utterance at zero instead of at noise.
    return centred * (variance + 1e-5).rsqrt()
