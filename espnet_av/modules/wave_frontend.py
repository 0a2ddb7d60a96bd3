"""Audio front end of wav2vec 2.0: seven convolutions on the waveform, two 50 Hz frames stacked."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import AbsFrontend
from espnet_av.errors import ConfigError
from espnet_av.ops import SAMPLES_PER_FRAME
from espnet_av.ops.frame_stacking import stack_frames
from espnet_av.ops.lengths import valid_mask

CONVOLUTIONS = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
"""(kernel, stride) of each convolution; together one frame per 320 samples."""
END_PADDING = 80
"""Zeros appended so that 640 * T samples give exactly 2 * T frames, not 2 * T - 1."""
STACK = 2
"""50 Hz frames per output frame."""


@dataclass(frozen=True, kw_only=True)
class WaveConfig:
    """Waveform front end."""

    norm: Literal["layer_norm", "group_norm"] = "layer_norm"
    """`layer_norm`: after every convolution, with biases (large, XLS-R); `group_norm`: after the
    first convolution only, no biases (base)."""
    channels: int = 512
    """Channels of every convolution."""
    normalise_wave: bool = True
    """Mean 0, variance 1 over each utterance before the first convolution."""

    def __post_init__(self) -> None:
        if self.channels < 1:
            msg = f"wave: channels is {self.channels}; wav2vec 2.0 has 512"
            raise ConfigError(msg)


class WaveFrontend(AbsFrontend):
    """Sound at 16 kHz -> one feature vector for each 25 Hz video frame (arXiv 2006.11477).

    Args:
        config: see `WaveConfig`.
        output_size: D.
    """

    @typechecked
    def __init__(self, config: WaveConfig, output_size: int) -> None:
        super().__init__()
        self.normalise_wave = config.normalise_wave
        self.extractor = WaveExtractor(config.channels, config.norm == "layer_norm")
        self.layer_norm = nn.LayerNorm(config.channels)
        self.project = nn.Linear(STACK * config.channels, output_size)
        self._output_size = output_size

    def output_size(self) -> int:
        """D."""
        return self._output_size

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S) float, (B,) samples -> (B, S // 640, D), (B,) frames; padding is arbitrary."""
        lengths = torch.div(input_lengths, SAMPLES_PER_FRAME, rounding_mode="floor")
        num_frames = input.size(1) // SAMPLES_PER_FRAME
        samples = lengths * SAMPLES_PER_FRAME
        wave = input[:, : num_frames * SAMPLES_PER_FRAME].float()
        inside = valid_mask(samples, wave.size(1), wave.device)
        if self.normalise_wave:
            wave = normalise_waves(wave, inside)
        wave = F.pad(torch.where(inside, wave, 0.0), (0, END_PADDING))
        features = self.extractor(wave, samples + END_PADDING)
        # (B, 2T, C) -> (B, T, 2C)
        return self.project(stack_frames(self.layer_norm(features), STACK)), lengths


class WaveExtractor(nn.Module):
    """The feature extractor of wav2vec 2.0, with statistics over valid samples only.

    Args:
        channels: of every convolution.
        layer_norm: normalise after every convolution and use biases, else one group norm.
    """

    def __init__(self, channels: int, layer_norm: bool) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(channels if i else 1, channels, kernel, stride=stride, bias=layer_norm)
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
