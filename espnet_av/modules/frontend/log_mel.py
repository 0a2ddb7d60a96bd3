"""Audio front end: normalised log-mel, SpecAugment, and subsampling by four to 25 Hz."""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import AbsFrontend
from espnet_av.errors import ConfigError
from espnet_av.modules.frontend.spec_augment import SpecAugment, SpecAugmentConfig
from espnet_av.ops.feature_norm import normalise_past, normalise_utterance
from espnet_av.ops.filterbank import WINDOW, log_mel, mel_filters
from espnet_av.ops.frame_stacking import stack_frames
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.precision import full_precision
from espnet_av.rates import SAMPLES_PER_FRAME

SUBSAMPLING = 4
"""Log-mel windows (100 Hz) per output frame (25 Hz)."""
DITHER_PERIOD = 16007
"""Samples after which the dither repeats: a prime, so that windows of a pause do not."""


@dataclass(frozen=True, kw_only=True)
class LogMelConfig:
    """Log-mel front end."""

    num_mels: int = 80
    """Mel bands between 0 and 8 kHz."""
    subsampling: Literal["conv2d", "conv1d", "stack"] = "conv2d"
    """`conv2d`: two 3x3 convolutions of stride 2; `conv1d`: the same over time alone, all bands
    together; `stack`: concatenate four windows (cheap)."""
    channels: int = 64
    """Channels of the two convolutions."""
    normalise: Literal["utterance", "past"] = "utterance"
    """Mean 0 and variance 1 of each band: over the whole utterance, or, for streaming, over what
    was heard up to each window. With `past` a frame waits for 7.5 ms after its end, half a window;
    the convolutions look at nothing later than that, whatever this is."""
    dither: float = 0.0
    """Deviation of a noise added to the sound, always the same one. 3.0e-5, the smallest step of
    16 bits, keeps digital silence from standing out as the loudest event of an utterance."""
    spec_augment: SpecAugmentConfig = field(default_factory=SpecAugmentConfig)
    """Stripes that hide parts of the features in training."""

    def __post_init__(self) -> None:
        if self.num_mels < 4 or self.channels < 1:
            msg = (
                f"log_mel: num_mels {self.num_mels} and channels {self.channels} must be at least "
                "4 and 1; the usual values are 80 and 64"
            )
            raise ConfigError(msg)
        if self.dither < 0.0:
            msg = f"log_mel: dither is {self.dither}; it must be 0 or more, e.g. 3.0e-5"
            raise ConfigError(msg)


class LogMelFrontend(AbsFrontend):
    """Sound at 16 kHz -> one feature vector for each 25 Hz video frame.

    `forward` is `log_mels`, `normalise`, SpecAugment and `embed`; pre-training calls the parts.

    Args:
        config: see `LogMelConfig`.
        output_size: D.
    """

    window: Tensor
    filters: Tensor
    dither: Tensor

    @typechecked
    def __init__(self, config: LogMelConfig, output_size: int) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)
        self.register_buffer("filters", mel_filters(config.num_mels), persistent=False)
        self.register_buffer("dither", _draw_dither(config.dither), persistent=False)
        self.spec_augment = SpecAugment(config.spec_augment)
        self.subsample: nn.Module
        if config.subsampling != "stack":
            convolve = _CONVOLUTIONS[config.subsampling]
            self.subsample = convolve(config.num_mels, config.channels)
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
        features, lengths = self.log_mels(input, input_lengths)
        features = self.normalise(features, lengths)
        features = self.spec_augment(features, lengths * SUBSAMPLING)
        return self.embed(features, lengths), lengths

    @torch.no_grad()
    def log_mels(self, speech: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Log-mel energies as they are.

        Args:
            speech: (B, S) float at 16 kHz; padding is arbitrary.
            samples: (B,) int64.

        Returns:
            ((B, 4 * T, num_mels) float32, arbitrary beyond each length, (B,) frames of four).
        """
        num_frames = speech.size(1) // SAMPLES_PER_FRAME
        lengths = torch.div(samples, SAMPLES_PER_FRAME, rounding_mode="floor")
        # Half precision would lose quiet bands: power spans more than its range.
        with full_precision(speech.device):
            speech = speech.float()
            if self.config.dither > 0.0:
                steps = torch.arange(speech.size(1), device=speech.device)
                speech = speech + self.dither[steps % DITHER_PERIOD]
            inside = valid_mask(samples, speech.size(1), speech.device)
            speech = torch.where(inside, speech, 0.0)
            features = log_mel(speech, num_frames * SUBSAMPLING, self.window, self.filters)
        return features, lengths

    @torch.no_grad()
    def normalise(self, features: Tensor, lengths: Tensor) -> Tensor:
        """What `log_mels` gave -> the same as `normalise` says, zero beyond each length."""
        kind = normalise_past if self.config.normalise == "past" else normalise_utterance
        return kind(features, lengths * SUBSAMPLING)

    def embed(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, 4 * T, num_mels) normalised, (B,) frames -> (B, T, D)."""
        return self.project(self.subsample(features, lengths))


def _draw_dither(std: float) -> Tensor:
    """(DITHER_PERIOD,) the same numbers in every model; one zero if there is no dither."""
    if std == 0.0:
        return torch.zeros(1)
    generator = torch.Generator("cpu").manual_seed(0)
    numbers = torch.randn(DITHER_PERIOD, generator=generator, device="cpu") * std
    return numbers.to(torch.get_default_device())


class StackSubsampling4(nn.Module):
    """Concatenates each four windows."""

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, 4 * T, D) -> (B, T, 4 * D); `lengths` are not needed."""
        return stack_frames(features, SUBSAMPLING)


class Conv2dSubsampling4(nn.Module):
    """Two 3x3 convolutions of stride 2, padded so that 4 * T windows give exactly T frames.

    ESPnet's layer of that name has no padding and shortens the sequence, which would leave
    sound and lips with different lengths. Frame t sees the windows 4 t - 3 to 4 t + 3, and the
    last of them is the last of its own four: for streaming it needs no other padding.

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


class Conv1dSubsampling4(nn.Module):
    """Two convolutions over time of kernel 3 and stride 2, whose channels are the bands.

    Padded as `Conv2dSubsampling4`.

    Args:
        num_mels: bands that come in.
        channels: channels of both convolutions.
    """

    def __init__(self, num_mels: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(num_mels, channels, 3, stride=2, padding=1)
        self.conv2 = nn.Conv1d(channels, channels, 3, stride=2, padding=1)
        self.output_size = channels

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, 4 * T, num_mels), (B,) frames -> (B, T, channels)."""
        # (B, 4T, M) -> (B, C, 2T)
        hidden = torch.relu(self.conv1(features.transpose(1, 2)))
        inside = valid_mask(lengths * 2, hidden.size(2), hidden.device)
        hidden = torch.relu(self.conv2(hidden * inside[:, None]))
        return hidden.transpose(1, 2)


_CONVOLUTIONS: dict[str, type[Conv2dSubsampling4] | type[Conv1dSubsampling4]] = {
    "conv2d": Conv2dSubsampling4,
    "conv1d": Conv1dSubsampling4,
}
