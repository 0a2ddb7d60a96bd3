"""Audio front end: normalised log-mel, SpecAugment, and subsampling by four to 25 Hz."""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import AbsFrontend
from espnet_av.errors import ConfigError
from espnet_av.modules.spec_augment import SpecAugment, SpecAugmentConfig, normalise_utterance
from espnet_av.ops import SAMPLES_PER_FRAME
from espnet_av.ops.filterbank import WINDOW, log_mel, mel_filters
from espnet_av.ops.frame_stacking import stack_frames
from espnet_av.ops.lengths import valid_mask

SUBSAMPLING = 4
"""Log-mel windows (100 Hz) per output frame (25 Hz)."""


@dataclass(frozen=True, kw_only=True)
class LogMelConfig:
    """Log-mel front end."""

    num_mels: int = 80
    """Mel bands between 0 and 8 kHz."""
    subsampling: Literal["conv2d", "stack"] = "conv2d"
    """`conv2d`: two 3x3 convolutions of stride 2; `stack`: concatenate four windows (cheap)."""
    channels: int = 64
    """Channels of the two convolutions (`conv2d` only)."""
    spec_augment: SpecAugmentConfig = field(default_factory=SpecAugmentConfig)
    """Stripes that hide parts of the features in training."""

    def __post_init__(self) -> None:
        if self.num_mels < 4 or self.channels < 1:
            msg = (
                f"log_mel: num_mels {self.num_mels} and channels {self.channels} must be at least "
                "4 and 1; the usual values are 80 and 64"
            )
            raise ConfigError(msg)


class LogMelFrontend(AbsFrontend):
    """Sound at 16 kHz -> one feature vector for each 25 Hz video frame.

    Args:
        config: see `LogMelConfig`.
        output_size: D.
    """

    window: Tensor
    filters: Tensor

    @typechecked
    def __init__(self, config: LogMelConfig, output_size: int) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)
        self.register_buffer("filters", mel_filters(config.num_mels), persistent=False)
        self.spec_augment = SpecAugment(config.spec_augment)
        self.subsample: nn.Module
        if config.subsampling == "conv2d":
            self.subsample = Conv2dSubsampling4(config.num_mels, config.channels)
            stacked_size = self.subsample.output_size
        else:
            self.subsample = StackSubsampling4()
            stacked_size = SUBSAMPLING * config.num_mels
        self.project = nn.Linear(stacked_size, output_size)
        self._output_size = output_size

    def output_size(self) -> int:
        """D."""
        return self._output_size

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S) float, (B,) samples -> (B, S // 640, D), (B,) frames; padding is arbitrary."""
        num_frames = input.size(1) // SAMPLES_PER_FRAME
        lengths = torch.div(input_lengths, SAMPLES_PER_FRAME, rounding_mode="floor")
        features = self._features(input, input_lengths, num_frames, lengths)
        features = self.spec_augment(features, lengths * SUBSAMPLING)
        return self.project(self.subsample(features, lengths)), lengths

    @torch.no_grad()
    def _features(
        self, speech: Tensor, samples: Tensor, num_frames: int, lengths: Tensor
    ) -> Tensor:
        """Normalised log-mel (B, 4 * T, num_mels), zero beyond each utterance."""
        # Half precision would lose quiet bands: power spans more than its range.
        with torch.autocast(speech.device.type, enabled=False):
            inside = valid_mask(samples, speech.size(1), speech.device)
            speech = torch.where(inside, speech.float(), 0.0)
            features = log_mel(speech, num_frames * SUBSAMPLING, self.window, self.filters)
            return normalise_utterance(features, lengths * SUBSAMPLING)


class StackSubsampling4(nn.Module):
    """Concatenates each four windows."""

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, 4 * T, D) -> (B, T, 4 * D); `lengths` are not needed."""
        return stack_frames(features, SUBSAMPLING)


class Conv2dSubsampling4(nn.Module):
    """Two 3x3 convolutions of stride 2, padded so that 4 * T windows give exactly T frames.

    ESPnet's layer of that name has no padding and shortens the sequence, which would leave
    sound and lips with different lengths.

    Args:
        num_mels: bands that come in.
        channels: channels of both convolutions.
    """

    def __init__(self, num_mels: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.output_size = channels * (((num_mels + 1) // 2 + 1) // 2)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, 4 * T, num_mels), (B,) frames -> (B, T, channels * bands)."""
        # (B, 4T, M) -> (B, C, 2T, M / 2)
        hidden = torch.relu(self.conv1(features.unsqueeze(1)))
        # The second convolution must see zeros beyond the end, as it does in a batch of one.
        inside = valid_mask(lengths * 2, hidden.size(2), hidden.device)
        hidden = hidden * inside[:, None, :, None]
        # (B, C, 2T, M / 2) -> (B, C, T, M / 4) -> (B, T, C * M / 4)
        hidden = torch.relu(self.conv2(hidden))
        return hidden.transpose(1, 2).flatten(2)
