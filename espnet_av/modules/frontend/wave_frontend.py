"""Audio front end of wav2vec 2.0: seven convolutions on the waveform, at 50 or 25 Hz."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import AbsFrontend
from espnet_av.errors import ConfigError
from espnet_av.modules.gradient_scale import scale_gradient
from espnet_av.modules.zero_gradient import zero_touch
from espnet_av.ops.frame_stacking import stack_frames
from espnet_av.ops.lengths import valid_mask
from espnet_av.rates import SAMPLES_PER_FRAME, FrameRate

CONVOLUTIONS = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
"""(kernel, stride) of each convolution; together one frame per 320 samples."""
END_PADDING = 80
"""Zeros appended so that 640 * T samples give exactly 2 * T frames, not 2 * T - 1."""
EXTRACTOR_RATE = 50
"""Frames a second that the convolutions give."""


@dataclass(frozen=True, kw_only=True)
class WaveConfig:
    """Waveform front end."""

    norm: Literal["layer_norm", "group_norm"] = "layer_norm"
    """`layer_norm`: after every convolution, with biases (large, XLS-R); `group_norm`: after the
    first convolution only, no biases (base)."""
    biases: bool = False
    """Biases in the convolutions of `group_norm` too, which few models have."""
    channels: int = 512
    """Channels of every convolution."""
    normalise_wave: bool = True
    """Mean 0, variance 1 over each utterance before the first convolution."""
    frame_rate: FrameRate = 25
    """Features a second: 50 as in wav2vec 2.0, or 25, where two frames are stacked."""
    feature_grad_mult: float = 1.0
    """What the gradient of the convolutions is multiplied by: 0.1 in base pre-training, 1 in
    large; with 0 they are not trained and their backward pass is not computed."""

    def __post_init__(self) -> None:
        if self.channels < 1:
            msg = f"wave: channels is {self.channels}; wav2vec 2.0 has 512"
            raise ConfigError(msg)
        if not 0.0 <= self.feature_grad_mult <= 1.0:
            msg = f"wave: feature_grad_mult is {self.feature_grad_mult}; it must be in 0..1"
            raise ConfigError(msg)


class WaveFeatures(NamedTuple):
    """What the convolutions make of a batch, before the projection; C' is `feature_size`."""

    raw: Tensor
    """(B, T, C') output of the last convolution, for the features penalty."""
    normed: Tensor
    """(B, T, C') after the layer norm: input of the projection and of a quantiser."""
    lengths: Tensor
    """(B,) frames."""


class WaveFrontend(AbsFrontend):
    """Sound at 16 kHz -> features at 25 or 50 Hz (arXiv 2006.11477).

    640 samples give exactly one feature at 25 Hz, two at 50 Hz: T = S // 640 * frame_rate // 25.

    Args:
        config: see `WaveConfig`.
        output_size: D.
    """

    @typechecked
    def __init__(self, config: WaveConfig, output_size: int) -> None:
        super().__init__()
        self.normalise_wave = config.normalise_wave
        self.feature_grad_mult = config.feature_grad_mult
        self.stack = EXTRACTOR_RATE // config.frame_rate
        self.extractor = WaveExtractor(config.channels, config.norm == "layer_norm", config.biases)
        self.layer_norm = nn.LayerNorm(config.channels)
        self.project = nn.Linear(self.stack * config.channels, output_size)
        self._output_size = output_size

    def output_size(self) -> int:
        """D."""
        return self._output_size

    @property
    def feature_size(self) -> int:
        """Size of the features before the projection."""
        return self.project.in_features

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S) float, (B,) samples -> (B, T, D), (B,) frames; padding is arbitrary."""
        features = self.extract(input, input_lengths)
        return self.project(features.normed), features.lengths

    def extract(self, input: Tensor, input_lengths: Tensor) -> WaveFeatures:
        """What `project` gets, and what it was before the norm; arguments as in `forward`."""
        blocks = torch.div(input_lengths, SAMPLES_PER_FRAME, rounding_mode="floor")
        num_blocks = input.size(1) // SAMPLES_PER_FRAME
        samples = blocks * SAMPLES_PER_FRAME
        wave = input[:, : num_blocks * SAMPLES_PER_FRAME].float()
        inside = valid_mask(samples, wave.size(1), wave.device)
        if self.normalise_wave:
            wave = normalise_waves(wave, inside)
        wave = F.pad(torch.where(inside, wave, 0.0), (0, END_PADDING))
        raw = self._run_extractor(wave, samples + END_PADDING)
        normed = self.layer_norm(raw)
        # (B, 2 * blocks, C) -> (B, T, C')
        raw, normed = stack_frames(raw, self.stack), stack_frames(normed, self.stack)
        return WaveFeatures(raw, normed, blocks * (2 // self.stack))

    def _run_extractor(self, wave: Tensor, lengths: Tensor) -> Tensor:
        """The convolutions, with their share of the gradient."""
        if self.feature_grad_mult > 0.0:
            return scale_gradient(self.extractor(wave, lengths), self.feature_grad_mult)
        with torch.no_grad():
            features = self.extractor(wave, lengths)
        return features + zero_touch(self.extractor) if self.training else features


class WaveExtractor(nn.Module):
    """The feature extractor of wav2vec 2.0, with statistics over valid samples only.

    Args:
        channels: of every convolution.
        layer_norm: normalise after every convolution and use biases, else one group norm.
        biases: use biases with the group norm too.
    """

    def __init__(self, channels: int, layer_norm: bool, biases: bool = False) -> None:
        super().__init__()
        biases = biases or layer_norm
        self.convs = nn.ModuleList(
            nn.Conv1d(channels if i else 1, channels, kernel, stride=stride, bias=biases)
            for i, (kernel, stride) in enumerate(CONVOLUTIONS)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(channels) if layer_norm else ValidInstanceNorm(channels)
            for _ in range(len(CONVOLUTIONS) if layer_norm else 1)
        )
        self.layer_norm = layer_norm
        for conv in self.convs.children():
            assert isinstance(conv, nn.Conv1d)
            nn.init.kaiming_normal_(conv.weight)

    def forward(self, wave: Tensor, lengths: Tensor) -> Tensor:
        """(B, S), (B,) samples -> (B, floor((S - 400) / 320) + 1, channels)."""
        hidden = wave.unsqueeze(1)
        for i, conv in enumerate(self.convs):
            hidden = conv(hidden)
            if self.layer_norm:
                # (B, C, T) -> (B, T, C) and back: the norm is over channels
                hidden = self.norms[i](hidden.transpose(1, 2)).transpose(1, 2)
            elif i == 0:
                kernel, stride = CONVOLUTIONS[0]
                frames = torch.div(lengths - kernel, stride, rounding_mode="floor") + 1
                hidden = self.norms[0](hidden, frames)
            hidden = F.gelu(hidden)
        return hidden.transpose(1, 2)


class ValidInstanceNorm(nn.Module):
    """Group norm with one group per channel whose statistics leave padding out.

    Equals `torch.nn.GroupNorm(C, C)` on a batch of one; there, and in the original, batch
    padding changes the values of short utterances.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """(B, C, T), (B,) frames -> (B, C, T) float32."""
        x = x.float()
        mask = valid_mask(lengths, x.size(2), x.device).unsqueeze(1)
        count = mask.sum(dim=2, keepdim=True)
        mean = torch.where(mask, x, 0.0).sum(dim=2, keepdim=True) / count
        variance = torch.where(mask, x - mean, 0.0).square().sum(dim=2, keepdim=True) / count
        scale = self.weight.unsqueeze(1) * (variance + 1e-5).rsqrt()
        return (x - mean) * scale + self.bias.unsqueeze(1)


def normalise_waves(wave: Tensor, inside: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the valid samples of each utterance.

    Args:
        wave: (B, S) float32.
        inside: (B, S) bool, True = sample of the utterance.

    Returns:
        (B, S), arbitrary outside.
    """
    count = inside.sum(dim=1, keepdim=True).clamp(min=1)
    mean = torch.where(inside, wave, 0.0).sum(dim=1, keepdim=True) / count
    variance = torch.where(inside, wave - mean, 0.0).square().sum(dim=1, keepdim=True) / count
    return (wave - mean) * (variance + 1e-5).rsqrt()
